/*
 * `plaintiff-agent check-rules`: are the rules well-formed, unforgeable and
 * true to their samples?
 */
#ifndef PLAINTIFF_CHECK_RULES_H
#define PLAINTIFF_CHECK_RULES_H

/* argv[0] is "check-rules".  Returns the exit code. */
int check_rules_main(int argc, char **argv);

#endif
