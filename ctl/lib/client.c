// SPDX-License-Identifier: GPL-2.0-or-later
/* A netlink client of the module. */
#include "client.h"
#include "text.h"

#include <errno.h>
#include <linux/mseg.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What a listener may fall behind; beyond it records are lost, and counted. */
#define LISTEN_BUFFER (8 << 20)

/* A rule with as many networks and services as there may be takes 45 KiB. */
#define MESSAGE_SIZE (64 << 10)

/* The module's messages are far smaller. */
#define RECEIVE_SIZE (256 << 10)

struct client {
	struct nl_sock *socket;
	int family;
	struct client_refusal refusal;
	char *receive;
};

/* One command on its way. */
struct call {
	struct client *client;
	client_handler *handler;
	void *arg;
	bool done;
	int err;
	uint32_t seq;
};

/* Shortest lengths, so that no accessor reads behind an attribute. */
static const struct nla_policy policy[MSEG_A_MAX + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
	[MSEG_A_DEFAULT_IN] = { .type = NLA_U8 },
	[MSEG_A_DEFAULT_OUT] = { .type = NLA_U8 },
	[MSEG_A_NETWORK_COUNT] = { .type = NLA_U32 },
	[MSEG_A_ENTRY_COUNT] = { .type = NLA_U32 },
	[MSEG_A_RULE_COUNT] = { .type = NLA_U32 },
	[MSEG_A_CONNECTION_COUNT] = { .type = NLA_U32 },
	[MSEG_A_CONNECTION_MAX] = { .type = NLA_U32 },
	[MSEG_A_VERSION] = { .type = NLA_STRING },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_NAME] = { .type = NLA_STRING },
	[MSEG_A_ENTRY] = { .type = NLA_NESTED },
	[MSEG_A_DIRECTION] = { .type = NLA_U8 },
	[MSEG_A_ACTION] = { .type = NLA_U8 },
	[MSEG_A_NETWORK] = { .type = NLA_U32 },
	[MSEG_A_SERVICE] = { .type = NLA_NESTED },
	[MSEG_A_COOKIE] = { .type = NLA_U64 },
	[MSEG_A_TIMEOUT] = { .type = NLA_U32 },
	[MSEG_A_CONFIRM_LEFT] = { .type = NLA_U32 },
	[MSEG_A_SILENT_IN] = { .type = NLA_U8 },
	[MSEG_A_SILENT_OUT] = { .type = NLA_U8 },
	[MSEG_A_HITS] = { .type = NLA_U64 },
	[MSEG_A_LAST_HIT] = { .type = NLA_U64 },
	[MSEG_A_CANDIDATE_GENERATION] = { .type = NLA_U32 },
	[MSEG_A_FORWARD] = { .type = NLA_U8 },
	[MSEG_A_RAW] = { .type = NLA_U8 },
	[MSEG_A_STAT] = { .type = NLA_NESTED },
	[MSEG_A_LEARNED] = { .type = NLA_NESTED },
};

/* libnl has error numbers of its own. */
static int errno_of(int nl_error)
{
	switch (-nl_error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INTR:
		return -EINTR;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_AF_NOSUPPORT:
		return -EAFNOSUPPORT;
	default:
		return -EIO;
	}
}

static int set_option(struct nl_sock *socket, int level, int option, int value)
{
	if (setsockopt(nl_socket_get_fd(socket), level, option, &value, sizeof(value)))
		return -errno;
	return 0;
}

static int connect_socket(struct client *client)
{
	int err = genl_connect(client->socket);

	if (err)
		return errno_of(err);
	client->family = genl_ctrl_resolve(client->socket, MSEG_GENL_NAME);
	if (client->family < 0)
		return errno_of(client->family);
	/* Refusals without the refused message, which is known here. */
	err = set_option(client->socket, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	if (err)
		return err;
	return set_option(client->socket, SOL_NETLINK, NETLINK_CAP_ACK, 1);
}

int client_open(struct client **client)
{
	struct client *new = calloc(1, sizeof(*new));
	int err = -ENOMEM;

	*client = NULL;
	if (!new)
		return -ENOMEM;
	new->socket = nl_socket_alloc();
	new->receive = malloc(RECEIVE_SIZE);
	if (new->socket &&new->receive)
		err = connect_socket(new);
	if (err)
		client_close(new);
	else
		*client = new;
	return err;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	if (client->socket)
		nl_socket_free(client->socket);
	free(client->receive);
	free(client);
}

struct nl_msg *client_message(struct client *client, int command, int flags)
{
	struct nl_msg *message = nlmsg_alloc_size(MESSAGE_SIZE);

	if (message && !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, client->family, 0, flags,
				    (uint8_t)command, MSEG_GENL_VERSION)) {
		nlmsg_free(message);
		message = NULL;
	}
	return message;
}

struct nlattr *client_first_attr(struct nlmsghdr *message, int *rest)
{
	struct genlmsghdr *header = nlmsg_data(message);

	*rest = genlmsg_attrlen(header, 0);
	return genlmsg_attrdata(header, 0);
}

/* Attributes of an extended acknowledgement: text, and where in the request. */
static void read_tlvs(struct client_refusal *refusal, struct nlmsghdr *header, int skip)
{
	char *data = nlmsg_data(header);
	int rest = nlmsg_datalen(header) - NLMSG_ALIGN(skip);
	struct nlattr *attr;

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	for (attr = (struct nlattr *)(data + NLMSG_ALIGN(skip)); nla_ok(attr, rest);
	     attr = nla_next(attr, &rest)) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(refusal->text, attr, sizeof(refusal->text));
		else if (nla_type(attr) == NLMSGERR_ATTR_OFFS &&
			 nla_len(attr) >= (int)sizeof(uint32_t))
			refusal->offset = nla_get_u32(attr);
	}
	text_clean(refusal->text);
}

/* They stand behind the error, and behind the request where that is repeated. */
static void read_refusal(struct client_refusal *refusal, struct nlmsgerr *error)
{
	struct nlmsghdr *header = (struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	int skip = sizeof(*error);

	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += (int)error->msg.nlmsg_len - NLMSG_HDRLEN;
	read_tlvs(refusal, header, skip);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct call *call = arg;

	(void)from;
	read_refusal(&call->client->refusal, error);
	call->err = error->error;
	call->done = true;
	return NL_STOP;
}

static int on_done(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct call *call = arg;

	/* A dump that fails says so in its last message. */
	if (header->nlmsg_type == NLMSG_DONE && nlmsg_datalen(header) >= (int)sizeof(int)) {
		int err = *(int *)nlmsg_data(header);

		if (err < 0 && !call->err) {
			read_tlvs(&call->client->refusal, header, sizeof(int));
			call->err = err;
		}
	}
	call->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *message, void *arg)
{
	struct call *call = arg;

	(void)message;
	if (!call->err)
		call->err = -EAGAIN;
	return NL_OK;
}

static int on_message(struct nl_msg *message, void *arg)
{
	struct nlattr *attrs[MSEG_A_MAX + 1];
	struct call *call = arg;

	if (call->err || !call->handler)
		return NL_OK;
	if (genlmsg_parse(nlmsg_hdr(message), 0, attrs, MSEG_A_MAX, policy))
		call->err = -EBADMSG;
	else
		call->err = call->handler(attrs, nlmsg_hdr(message), call->arg);
	return NL_OK;
}

/* A socket that listens may hear other things between. */
static int on_sequence(struct nl_msg *message, void *arg)
{
	const struct call *call = arg;

	return nlmsg_hdr(message)->nlmsg_seq == call->seq ? NL_OK : NL_SKIP;
}

static int receive_answer(struct client *client, struct call *call)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0;

	if (!callbacks)
		return -ENOMEM;
	nl_cb_set(callbacks, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, call);
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, call);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_done, call);
	nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_done, call);
	nl_cb_set(callbacks, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, call);
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, call);
	while (!call->done && err >= 0)
		err = nl_recvmsgs(client->socket, callbacks);
	nl_cb_put(callbacks);
	/* An error of the module's own says more than that of the reading. */
	return call->err || call->done ? call->err : errno_of(err);
}

int client_call(struct client *client, struct nl_msg *message, client_handler *handler, void *arg)
{
	struct call call = { .client = client, .handler = handler, .arg = arg };
	int err;

	memset(&client->refusal, 0, sizeof(client->refusal));
	if (!message)
		return -ENOMEM;
	err = nl_send_auto(client->socket, message);
	call.seq = nlmsg_hdr(message)->nlmsg_seq;
	nlmsg_free(message);
	if (err < 0)
		return errno_of(err);
	return receive_answer(client, &call);
}

int client_do(struct client *client, int command, int flags, client_handler *handler, void *arg)
{
	return client_call(client, client_message(client, command, flags), handler, arg);
}

const struct client_refusal *client_refusal(const struct client *client)
{
	return &client->refusal;
}

int client_subscribe(struct client *client, const char *group)
{
	int id = genl_ctrl_resolve_grp(client->socket, MSEG_GENL_NAME, group);
	int size = LISTEN_BUFFER;

	if (id < 0)
		return errno_of(id);
	/* Forcing asks for CAP_NET_ADMIN, as the group does. */
	if (set_option(client->socket, SOL_SOCKET, SO_RCVBUFFORCE, size))
		set_option(client->socket, SOL_SOCKET, SO_RCVBUF, size);
	return set_option(client->socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, id);
}

int client_fd(const struct client *client)
{
	return nl_socket_get_fd(client->socket);
}

/* One datagram from the kernel: its bytes, or an error. */
static ssize_t receive_datagram(struct client *client)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { client->receive, RECEIVE_SIZE };
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t len = recvmsg(client_fd(client), &header, MSG_DONTWAIT);

	if (len < 0)
		return -errno;
	if (header.msg_flags & MSG_TRUNC)
		return -ENOBUFS;
	return from.nl_pid ? 0 : len; /* port 0 is the kernel's */
}

int client_receive(struct client *client,
		   int (*handler)(int command, struct nlattr **attrs, struct nlmsghdr *message,
				  void *arg),
		   void *arg)
{
	struct nlattr *attrs[MSEG_A_MAX + 1];
	ssize_t received = receive_datagram(client);
	struct nlmsghdr *message = (struct nlmsghdr *)client->receive;
	int rest = (int)received, err = 0;

	if (received < 0)
		return (int)received;
	for (; !err && nlmsg_ok(message, rest); message = nlmsg_next(message, &rest)) {
		struct genlmsghdr *header = nlmsg_data(message);

		if (message->nlmsg_type != client->family)
			continue;
		err = genlmsg_parse(message, 0, attrs, MSEG_A_MAX, policy);
		if (err)
			return -EBADMSG;
		err = handler(header->cmd, attrs, message, arg);
	}
	return err;
}
