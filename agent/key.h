/* The agent's own CURVE key: `plaintiff-agent key`. */
#ifndef PLAINTIFF_KEY_H
#define PLAINTIFF_KEY_H

struct agent_conf;

/* Makes the key file if there is none and prints the public key, for
 * `plaintiff agent add` on the hub.  A sysexits code. */
int key_print(const struct agent_conf *conf);

#endif
