/*
 * Preloaded into an agent by the chaos driver: promises that data is on the
 * disk and does nothing for it.  The control of the power cuts: with this,
 * events must be lost, or the test could not fail.
 */
#include <unistd.h>

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}
