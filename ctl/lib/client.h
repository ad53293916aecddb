/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A netlink client of the module: sends a command, waits for its end, and keeps
 * what the module said when it refused (extended acknowledgements, which libnl
 * 3.7 does not read).
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdint.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

/**
 * struct client_refusal - why the module refused a command
 * @text: a sentence, empty where there is none
 * @offset: bytes into the message where the offending attribute is, 0 where
 *	none was named
 */
struct client_refusal {
	char text[256];
	uint32_t offset;
};

struct client;

/**
 * typedef client_handler - takes a message from the module
 * @attrs: by type, MSEG_A_MAX + 1 of them; of repeated ones the last
 * @message: the message, for client_for_each()
 * @arg: the caller's
 *
 * Return: 0, or a negative error that the call then returns; the rest of the
 * answer is read and thrown away.
 */
typedef int client_handler(struct nlattr **attrs, struct nlmsghdr *message, void *arg);

/** client_for_each() - go through a message's attributes, repeated ones too */
#define client_for_each(attr, message, rest)                               \
	for (attr = client_first_attr(message, &rest); nla_ok(attr, rest); \
	     attr = nla_next(attr, &rest))

/**
 * client_first_attr() - where a message's attributes begin
 * @message: from the module
 * @rest: bytes of all of them
 */
struct nlattr *client_first_attr(struct nlmsghdr *message, int *rest);

/**
 * client_open() - connect to the module in this network namespace
 * @client: the connection
 *
 * Return: 0, -ENOENT where the module is not loaded, or another error.
 */
int client_open(struct client **client);

/**
 * client_close() - disconnect
 * @client: may be NULL
 */
void client_close(struct client *client);

/**
 * client_message() - begin a command
 * @client: a connection
 * @command: MSEG_C_...
 * @flags: NLM_F_DUMP or 0
 *
 * Return: a message to put attributes into, or NULL without memory.
 */
struct nl_msg *client_message(struct client *client, int command, int flags);

/**
 * client_call() - send a command and wait for its end
 * @client: a connection
 * @message: from client_message(); freed in any case; NULL is -ENOMEM
 * @handler: given every message of the answer; may be NULL
 * @arg: handed to @handler
 *
 * Return: 0, what the module refused with, what @handler returned, or -EAGAIN
 * where a dump is not of one moment.
 */
int client_call(struct client *client, struct nl_msg *message, client_handler *handler, void *arg);

/**
 * client_do() - client_call() for a command without attributes
 * @client: a connection
 * @command: MSEG_C_...
 * @flags: NLM_F_DUMP or 0
 * @handler: may be NULL
 * @arg: handed to @handler
 */
int client_do(struct client *client, int command, int flags, client_handler *handler, void *arg);

/**
 * client_refusal() - what the module said when it refused the last command
 * @client: a connection
 */
const struct client_refusal *client_refusal(const struct client *client);

/**
 * client_subscribe() - hear a multicast group
 * @client: a connection, which serves for listening alone from now on
 * @group: MSEG_MCGRP_...
 *
 * Return: 0 or an error.
 */
int client_subscribe(struct client *client, const char *group);

/**
 * client_fd() - the socket, to wait for
 * @client: a connection
 */
int client_fd(const struct client *client);

/**
 * client_receive() - take what has been heard, without waiting
 * @client: a subscribed connection
 * @handler: given the command and the message
 * @arg: handed to @handler
 *
 * Return: 0, -EAGAIN where nothing is there, -ENOBUFS after messages were lost,
 * or another error.
 */
int client_receive(struct client *client,
		   int (*handler)(int command, struct nlattr **attrs, struct nlmsghdr *message,
				  void *arg),
		   void *arg);

#endif /* CLIENT_H */
