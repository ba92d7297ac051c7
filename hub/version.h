/* Versions of the libraries in use: --version prints them, and a library
 * with a known hole is refused at the start (libzmq < 4.3.3, protobuf-c <
 * 1.4.1, libcurl < 7.87). */
#ifndef PLAINTIFF_HUB_VERSION_H
#define PLAINTIFF_HUB_VERSION_H

#include <stdbool.h>

void version_print(void);
/* False: logged which library is too old. */
bool version_is_safe(void);

#endif
