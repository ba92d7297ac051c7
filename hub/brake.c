/* The switch and the clock; see brake.h. */
#include "hub/brake.h"

#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

void
brake_arg_host(struct db_args *args)
{
	char boot[40];
	struct timespec t;
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, boot, sizeof boot - 1);

	if (fd >= 0)
		(void)close(fd);
	if (n <= 0 || clock_gettime(CLOCK_BOOTTIME, &t) < 0)
		die(EX_OSERR, "cannot read the time since boot (" BOOT_ID ")");
	boot[n] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	db_arg_string(args, boot);
	db_arg_int(args, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

enum db_result
brake_tick(struct db *db, struct arena *a, const char **why)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*why = NULL;
	brake_arg_host(args);
	r = db_run(db, "brake_tick", args, &rows);
	if (r != DB_OK)
		return r;
	if (strcmp(db_string(rows, 0, 0), "stopped") == 0)
		*why = arena_printf(a, "the administrator has stopped it: %s",
		    db_is_null(rows, 0, 1) ? "no reason given"
		                           : db_string(rows, 0, 1));
	else if (!db_is_null(rows, 0, 0))
		*why = arena_printf(a, "the clock has moved by %s: see "
		                       "plaintiff clock accept",
		    db_string(rows, 0, 2));
	db_rows_free(rows);
	return DB_OK;
}
