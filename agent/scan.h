/*
 * `plaintiff-agent scan`: what would be detected in these files.  Needs no
 * configuration and talks to nobody.
 */
#ifndef PLAINTIFF_SCAN_H
#define PLAINTIFF_SCAN_H

/* argv[0] is "scan".  Returns the exit code: 0 whether or not anything was
 * found, else one of sysexits.h. */
int scan_main(int argc, char **argv);

#endif
