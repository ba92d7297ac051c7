/*
 * The probe's own connect(), which libcurl finds before libc's: writes down
 * where to, and lets nothing leave this machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/live/rdap_probe.h"

char probe_connects[PROBE_CONNECTS_MOST][64];
size_t probe_connects_n;

static int
is_this_machine(const struct sockaddr *to, char text[64])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (to->sa_family == AF_INET) {
		memcpy(&in, to, sizeof in);
		(void)inet_ntop(AF_INET, &in.sin_addr, text, 64);
		return in.sin_addr.s_addr == 0 ||
		    ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&in6, to, sizeof in6);
	(void)inet_ntop(AF_INET6, &in6.sin6_addr, text, 64);
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
	    (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) &&
	        in6.sin6_addr.s6_addr[12] == 127);
}

int
connect(int fd, const struct sockaddr *to, socklen_t n)
{
	char text[64] = "";

	if (to->sa_family == AF_INET || to->sa_family == AF_INET6) {
		int ours = is_this_machine(to, text);

		if (probe_connects_n < PROBE_CONNECTS_MOST)
			memcpy(probe_connects[probe_connects_n++], text,
			    sizeof text);
		if (!ours) {
			errno = ECONNREFUSED;
			return -1;
		}
	}
	return (int)syscall(SYS_connect, fd, to, n);
}
