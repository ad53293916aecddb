/* SPDX-License-Identifier: GPL-2.0 */
/* Telling who listens that the policy in force has changed. */
#ifndef MSEG_EVENT_H
#define MSEG_EVENT_H

#include <net/genetlink.h>

struct mseg_generation;
struct mseg_net;

/**
 * mseg_event_init() - once, at module load
 * @family: that events are sent by, registered later
 * @group: index of its multicast group for the policy
 */
void mseg_event_init(const struct genl_family *family, unsigned int group);

/**
 * mseg_event_policy() - another generation is in force, or was confirmed, or none
 *	is since the namespace was detached
 * @mnet: its lock is held
 *
 * May sleep. Nobody is owed the event: who misses it asks for the status.
 */
void mseg_event_policy(struct mseg_net *mnet);

/**
 * mseg_event_put_policy() - describe a generation by itself
 * @skb: message to add to
 * @generation: not to be freed meanwhile
 *
 * Return: 0 or -EMSGSIZE.
 */
int mseg_event_put_policy(struct sk_buff *skb, const struct mseg_generation *generation);

/**
 * mseg_event_put_generation() - describe the generation in force
 * @skb: message to add to
 * @mnet: its lock is held; nothing is added where it is not attached
 *
 * Return: 0 or -EMSGSIZE.
 */
int mseg_event_put_generation(struct sk_buff *skb, const struct mseg_net *mnet);

#endif /* MSEG_EVENT_H */
