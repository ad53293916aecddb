// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transactions of a byte each way over TCP, as netperf's TCP_RR and TCP_CRR:
 *
 *	rr serve ADDRESS		answer, until killed
 *	rr rr ADDRESS COUNT		over one connection
 *	rr crr ADDRESS COUNT		over a new connection each
 *
 * The last two print nanoseconds a transaction.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORT 443

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		die(text);
	return address;
}

static int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		die("socket");
	return fd;
}

static void serve(const char *text)
{
	struct sockaddr_in address = address_of(text);
	int listener = open_socket(), fd;
	char byte;

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 64))
		die("listen");
	for (;;) {
		fd = accept(listener, NULL, NULL);
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			continue;
		close(fd);
	}
}

static int call(const struct sockaddr_in *address)
{
	int fd = open_socket();

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		die("connect");
	return fd;
}

static void transact(int fd)
{
	char byte = 0;

	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		die("transact");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	int i, n, fd = -1, connects;
	double start;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc != 4)
		return 2;
	address = address_of(argv[2]);
	connects = !strcmp(argv[1], "crr");
	n = atoi(argv[3]);
	start = now();
	for (i = 0; i < n; i++) {
		if (connects || !i)
			fd = call(&address);
		transact(fd);
		if (connects)
			close(fd);
	}
	printf("%.0f\n", (now() - start) / n);
	return 0;
}
