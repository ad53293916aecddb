// SPDX-License-Identifier: GPL-2.0-or-later
/* Ways to receivers. */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds until a receiver counts as gone; and at the end. */
#define PATIENCE 10000
#define LAST_PATIENCE 500

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool channel_is_datagram(const struct channel *channel)
{
	return channel->target->way == EXPORT_UDP || channel->target->way == EXPORT_DATAGRAM;
}

/* 0 once it can be written to. */
static int await_room(struct channel *channel)
{
	struct pollfd fds[] = { { channel->fd, POLLOUT, 0 }, { channel->stop, POLLIN, 0 } };
	int64_t end = channel->end_by ? channel->end_by : now_ms() + PATIENCE, left;
	nfds_t n = channel->end_by ? 1 : 2;

	while ((left = end - now_ms()) > 0) {
		if (poll(fds, n, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
		if (n == 2 && fds[1].revents) {
			n = 1;
			channel->end_by = end = now_ms() + LAST_PATIENCE;
		}
	}
	return -ETIMEDOUT;
}

/* --- opening -------------------------------------------------------------- */

static int open_file(struct channel *channel)
{
	channel->fd =
		open(channel->target->path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		     0640);
	return channel->fd < 0 ? -errno : 0;
}

static int finish_connect(struct channel *channel)
{
	socklen_t size = sizeof(int);
	int error = 0, err = await_room(channel);

	if (!err && getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	return err ? err : -error;
}

static int open_socket(struct channel *channel, int type, const void *address, socklen_t length)
{
	const struct sockaddr *to = address;

	channel->fd = socket(to->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (channel->fd < 0)
		return -errno;
	if (!connect(channel->fd, to, length))
		return 0;
	return errno == EINPROGRESS ? finish_connect(channel) : -errno;
}

int channel_open(struct channel *channel)
{
	const struct export_target *target = channel->target;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int err;

	if (target->way == EXPORT_FILE)
		return open_file(channel);
	if (target->way == EXPORT_TCP || target->way == EXPORT_UDP) {
		err = open_socket(channel, target->way == EXPORT_TCP ? SOCK_STREAM : SOCK_DGRAM,
				  &target->address, target->length);
	} else {
		memcpy(un.sun_path, target->path, sizeof(un.sun_path) - 1);
		err = open_socket(channel, target->way == EXPORT_STREAM ? SOCK_STREAM : SOCK_DGRAM,
				  &un, sizeof(un));
	}
	if (err)
		channel_close(channel);
	return err;
}

void channel_close(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

/* --- the other end -------------------------------------------------------- */

static int check_file(const struct channel *channel)
{
	struct stat is, was;

	if (fstat(channel->fd, &was))
		return -errno;
	if (stat(channel->target->path, &is) || is.st_dev != was.st_dev || is.st_ino != was.st_ino)
		return -ESTALE;
	return 0;
}

/* What a receiver says is of no interest, but for that it has gone. */
int channel_check(struct channel *channel)
{
	char rest[256];
	ssize_t got;

	if (channel->target->way == EXPORT_FILE)
		return check_file(channel);
	got = recv(channel->fd, rest, sizeof(rest), MSG_DONTWAIT);
	if (!got && !channel_is_datagram(channel))
		return -ECONNRESET;
	return got < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

/* --- sending -------------------------------------------------------------- */

static int send_all(struct channel *channel, const char *data, size_t len)
{
	bool is_file = channel->target->way == EXPORT_FILE;
	ssize_t sent;
	int err = 0;

	while (len && !err) {
		sent = is_file ? write(channel->fd, data, len) :
				 send(channel->fd, data, len, MSG_NOSIGNAL);
		if (sent >= 0) {
			data += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			err = await_room(channel);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	return err;
}

/* Of a line that did not fit, nothing stays. */
static int send_to_file(struct channel *channel, const char *data, size_t len)
{
	struct stat before;
	bool is_regular = !fstat(channel->fd, &before) && S_ISREG(before.st_mode);
	int err = send_all(channel, data, len);

	if (err && is_regular && ftruncate(channel->fd, before.st_size))
		return -errno;
	return err;
}

int channel_send(struct channel *channel, const char *data, size_t len)
{
	if (channel->target->way == EXPORT_FILE)
		return send_to_file(channel, data, len);
	return send_all(channel, data, len);
}
