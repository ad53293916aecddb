// SPDX-License-Identifier: GPL-2.0-or-later
/* Take messages from a socket, and do nothing with them: "listen DESCRIPTOR". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	static char buffer[1 << 17];

	if (argc != 2)
		return 2;
	while (recv(atoi(argv[1]), buffer, sizeof(buffer), 0) >= 0 || errno == ENOBUFS)
		continue;
	perror("listen");
	return 1;
}
