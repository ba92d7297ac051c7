/* Making and showing the key; see key.h. */
#include "agent/key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "proto/base/log.h"
#include "proto/curve.h"

int
key_print(const struct agent_conf *conf)
{
	const char *path = conf->key_path, *why = "";
	struct curve_key key;
	int result;

	if (access(path, F_OK) == 0) {
		result = curve_read(path, &key, &why);
	} else {
		/* the default place is the state folder */
		if (conf->key_file[0] == '\0' &&
		    mkdir(conf->agent_state, 0700) < 0 && errno != EEXIST) {
			log_error("cannot make folder %s: %s",
			    conf->agent_state, strerror(errno));
			return EX_CANTCREAT;
		}
		result = curve_make(path, &key, &why);
		if (result == 0)
			log_notice("key: made file=%s", path);
	}
	if (result < 0) {
		log_error("key file %s: %s", path, why);
		return EX_CONFIG;
	}
	puts(key.public_text);
	explicit_bzero(&key, sizeof key);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
