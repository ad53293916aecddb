/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy model and the classifier, shared by the module and by user space.
 *
 * A policy is built by adding networks, prefixes and rules, each checked as it
 * comes; compiling it checks the whole and prepares the look-up, after which it
 * never changes. Semantics: POLICY.md, "Which rule decides".
 *
 * Building, compiling and freeing allocate and may sleep. Classifying neither
 * allocates nor sleeps, and any number of readers may do it at once.
 */
#ifndef MSEG_CORE_H
#define MSEG_CORE_H

#include <linux/mseg.h>
#include <linux/types.h>

/** Bytes of an address; an IPv4 address stands in the first four. */
#define MSEG_ADDR_LEN 16

/** A service's protocol that stands for every protocol. */
#define MSEG_PROTOCOL_ANY 256

/**
 * struct mseg_prefix - one entry of a network
 * @addr: network order; bits behind @len are zero
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @len: 0 to 32 or 128
 * @exclude: takes the prefix out of its network
 */
struct mseg_prefix {
	__u8 addr[MSEG_ADDR_LEN];
	__u8 family;
	__u8 len;
	__u8 exclude;
};

/**
 * struct mseg_service - a range of one protocol's services
 * @protocol: IANA number or MSEG_PROTOCOL_ANY
 * @low: destination port, or ICMP type * 256 + code; host order
 * @high: last value of the range, not below @low
 * @item: consecutive services with one number are one protocolPorts item:
 *	a bare protocol alone, or ranges of one protocol that ascend
 * @bare: the protocol alone, @low and @high mean nothing
 */
struct mseg_service {
	__u16 protocol;
	__u16 low;
	__u16 high;
	__u16 item;
	__u8 bare;
};

/**
 * struct mseg_rule - a rule of a policy
 * @name: shown to people, not NULL
 * @cookie: the controller's number for it
 * @networks: indices of the networks that hold the peer, any of them
 * @services: any of them
 * @n_networks: at least 1
 * @n_services: at least 1
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 * @action: MSEG_ACTION_ALLOW or MSEG_ACTION_REJECT
 * @observed: under observation: it decides nothing
 */
struct mseg_rule {
	const char *name;
	__u64 cookie;
	const __u32 *networks;
	const struct mseg_service *services;
	__u32 n_networks;
	__u32 n_services;
	__u8 direction;
	__u8 action;
	__u8 observed;
};

struct mseg_segments;
struct mseg_classes;
struct mseg_change;
struct mseg_domains;
struct mseg_entries;
struct mseg_row;

/**
 * struct mseg_network - a named set of prefixes and domains
 * @name: shown to people, not NULL
 * @prefixes: as they were added
 * @n_prefixes: how many
 * @n_exclusions: how many of them are
 * @room: how many @prefixes has room for
 * @domains: whose learned addresses it holds, as they were added
 * @n_domains: how many
 * @domains_room: how many @domains has room for
 * @segments: its addresses by family, while it is compiled
 * @rows: rules by service, for each direction: of those that decide, and where some
 *	are under observation, of all
 * @repeats: @prefixes holds one of them twice
 */
struct mseg_network {
	const char *name;
	struct mseg_prefix *prefixes;
	__u32 n_prefixes;
	__u32 n_exclusions;
	__u32 room;
	const char **domains;
	__u32 n_domains;
	__u32 domains_room;
	struct mseg_segments *segments[2];
	struct mseg_row *rows[2][2];
	__u8 repeats;
};

/**
 * struct mseg_policy - everything that gives a verdict
 * @networks: by index
 * @rules: by index
 * @defaults: action by direction
 * @silent: by direction, whether what is rejected gets no answer
 * @n_networks: how many
 * @networks_room: how many @networks has room for
 * @n_rules: how many
 * @rules_room: how many @rules has room for
 * @n_entries: prefixes of all networks
 * @n_domains: domains of all networks
 * @n_pairs: networks of all rules together
 * @n_ranges: services times networks of all rules together
 * @n_observed: rules under observation
 * @classes: networks by address, for each family; NULL before compilation
 * @domains: networks by name; NULL before compilation
 * @entries: prefixes by network; NULL before compilation
 * @change: that made this of another, or another of this; NULL where all that it
 *	points to is its own
 */
struct mseg_policy {
	struct mseg_network *networks;
	struct mseg_rule *rules;
	__u8 defaults[2];
	__u8 silent[2];
	__u32 n_networks;
	__u32 networks_room;
	__u32 n_rules;
	__u32 rules_room;
	__u32 n_entries;
	__u32 n_domains;
	__u32 n_pairs;
	__u32 n_ranges;
	__u32 n_observed;
	struct mseg_classes *classes[2];
	struct mseg_domains *domains;
	struct mseg_entries *entries;
	struct mseg_change *change;
};

/**
 * struct mseg_delta - an entry that a change adds to a network, or removes
 * @prefix: the entry
 * @remove: whether it goes
 */
struct mseg_delta {
	struct mseg_prefix prefix;
	__u8 remove;
};

/**
 * struct mseg_names - the names that an address was learned by
 * @n: how many
 * @name: each as mseg_name_check() takes it
 */
struct mseg_names {
	__u32 n;
	const char *name[MSEG_MAX_NAMES_PER_ADDRESS];
};

/**
 * struct mseg_key - what a policy judges a connection by
 * @names: that the peer's address was learned by, or NULL
 * @peer: the other side's address, network order
 * @service: destination port of the first packet, or its ICMP type * 256 +
 *	code, host order; 0 where the protocol has neither
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @protocol: IANA number
 * @direction: of the first packet
 */
struct mseg_key {
	const struct mseg_names *names;
	__u8 peer[MSEG_ADDR_LEN];
	__u16 service;
	__u8 family;
	__u8 protocol;
	__u8 direction;
};

/**
 * struct mseg_verdict - what a policy says of a connection
 * @rule: index of the rule that it is attributed to, or MSEG_ID_NONE
 * @network: index of the peer's network in that rule, or MSEG_ID_NONE
 * @action: MSEG_ACTION_ALLOW or MSEG_ACTION_REJECT
 * @reason: MSEG_REASON_RULE or MSEG_REASON_DEFAULT
 * @learned: the network holds the peer by one of its names
 */
struct mseg_verdict {
	__u32 rule;
	__u32 network;
	__u8 action;
	__u8 reason;
	__u8 learned;
};

/**
 * struct mseg_refusal - why a policy was not taken
 * @why: a sentence without a full stop; never NULL after a refusal
 * @network: index of the network at fault, or MSEG_ID_NONE
 * @entry: index of the prefix or domain at fault in it, or MSEG_ID_NONE
 */
struct mseg_refusal {
	const char *why;
	__u32 network;
	__u32 entry;
};

/**
 * mseg_policy_new() - an empty policy that allows everything
 *
 * Return: the policy, or NULL without memory.
 */
struct mseg_policy *mseg_policy_new(void);

/**
 * mseg_policy_clone() - an uncompiled copy
 * @from: a policy, compiled or not
 *
 * Return: the copy, or NULL without memory.
 */
struct mseg_policy *mseg_policy_clone(const struct mseg_policy *from);

/**
 * mseg_policy_free() - free a policy and all it holds
 * @policy: nobody reads it any more; may be NULL; a successor that is not settled is
 *	undone, so that the policy that it was made of is as before
 */
void mseg_policy_free(struct mseg_policy *policy);

/**
 * mseg_policy_add_network() - add an empty network, with the next index
 * @policy: not compiled
 * @name: copied
 * @refusal: filled on error
 *
 * Return: 0, -EINVAL (empty or too long a name), -E2BIG (MSEG_MAX_NETWORKS) or
 * -ENOMEM.
 */
int mseg_policy_add_network(struct mseg_policy *policy, const char *name,
			    struct mseg_refusal *refusal);

/**
 * mseg_policy_add_prefixes() - add entries to the network added last
 * @policy: not compiled, with a network
 * @prefixes: copied
 * @n: how many
 * @refusal: filled on error; its entry counts from the first of @prefixes
 *
 * Return: 0, -EINVAL (bad family or length, host bits set), -E2BIG
 * (MSEG_MAX_ENTRIES) or -ENOMEM. On error none was added.
 */
int mseg_policy_add_prefixes(struct mseg_policy *policy, const struct mseg_prefix *prefixes,
			     __u32 n, struct mseg_refusal *refusal);

/**
 * mseg_policy_add_domains() - add domains to the network added last
 * @policy: not compiled, with a network
 * @domains: copied; each a name as mseg_name_check() takes it, after a "*." for all
 *	names below it
 * @n: how many
 * @refusal: filled on error; its entry counts from the first of @domains
 *
 * Return: 0, -EINVAL (no such name), -E2BIG (MSEG_MAX_DOMAINS) or -ENOMEM. After
 * -EINVAL and -E2BIG none was added.
 */
int mseg_policy_add_domains(struct mseg_policy *policy, const char *const *domains, __u32 n,
			    struct mseg_refusal *refusal);

/**
 * mseg_policy_add_rule() - add a rule, with the next index
 * @policy: not compiled
 * @rule: copied; its networks exist already
 * @refusal: filled on error
 *
 * Return: 0, -EINVAL (a network that is not there, a range where the protocol
 * has none, ...), -E2BIG (MSEG_MAX_RULES and others) or -ENOMEM.
 */
int mseg_policy_add_rule(struct mseg_policy *policy, const struct mseg_rule *rule,
			 struct mseg_refusal *refusal);

/**
 * mseg_policy_compile() - check the whole and prepare the look-up
 * @policy: not compiled; never changed again after success
 * @refusal: filled on error
 *
 * Return: 0, -EINVAL (an exclusion outside of every entry of its network, or a
 * prefix both included and excluded), -E2BIG (networks overlap too much:
 * MSEG_MAX_OVERLAP, MSEG_MAX_MEMBERS) or -ENOMEM. On error only freeing is left.
 */
int mseg_policy_compile(struct mseg_policy *policy, struct mseg_refusal *refusal);

/**
 * mseg_policy_change() - the same policy with other entries in a network
 * @policy: compiled, all its own; classifying by it may go on and sees nothing of this
 * @network: index
 * @deltas: in any order; what counts is what they make of the network together
 * @n: how many
 * @successor: the policy with them
 * @refusal: filled on error; its entry is one of @deltas
 *
 * Takes time by what the prefixes cover, not by the size of the policy. The two share
 * what did not change: after this one is settled, or the successor freed. Nothing else
 * may be done with them before, and while there is a successor the networks of both
 * have its entries.
 *
 * Return: 0, -ENOENT (no such network, or no such entry to remove), -EEXIST (an entry
 * to add is there), -EINVAL (as mseg_policy_add_prefixes() and mseg_policy_compile(), or
 * a network lists a prefix twice), -E2BIG (as those, or too many additions since the
 * policy was compiled) or -ENOMEM. After all but 0 the policy is as it was.
 */
int mseg_policy_change(struct mseg_policy *policy, __u32 network, const struct mseg_delta *deltas,
		       __u32 n, struct mseg_policy **successor, struct mseg_refusal *refusal);

/**
 * mseg_policy_settle() - keep a successor
 * @successor: of mseg_policy_change()
 *
 * What both share is the successor's now. The policy that it was made of may still be
 * classified by until it is freed, and freeing it takes neither locks nor sleep if it
 * is not large: mseg_policy_remains() tells.
 */
void mseg_policy_settle(struct mseg_policy *successor);

/**
 * mseg_policy_remains() - what freeing a policy takes that a successor was made of
 * @policy: its successor was settled
 *
 * Return: how many allocations there are to be freed.
 */
__u32 mseg_policy_remains(const struct mseg_policy *policy);

/**
 * mseg_policy_is_whole() - whether all that a policy points to is its own
 * @policy: compiled
 *
 * Return: true but for one with a settled successor, and a successor that is not settled.
 */
static inline int mseg_policy_is_whole(const struct mseg_policy *policy)
{
	return !policy->change;
}

/**
 * mseg_classify() - judge a connection
 * @policy: compiled
 * @key: what to judge
 *
 * Any context.
 *
 * Return: the verdict; it never fails.
 */
struct mseg_verdict mseg_classify(const struct mseg_policy *policy, const struct mseg_key *key);

/**
 * mseg_observe() - what would decide a connection if the rules under observation
 *	did
 * @policy: compiled
 * @key: what to judge
 *
 * Any context.
 *
 * Return: the rule under observation that would decide; where none would, that is
 * where the verdict would be attributed to another rule or to the default, its rule
 * is MSEG_ID_NONE and the rest means nothing.
 */
struct mseg_verdict mseg_observe(const struct mseg_policy *policy, const struct mseg_key *key);

/**
 * mseg_name_check() - whether a name is in canonical form
 * @name: any string
 *
 * That is, labels of 1 to 63 lower-case letters, digits, hyphens and low lines, with
 * single dots between them and 253 bytes in all.
 *
 * Return: NULL, or what is wrong with it, a sentence in memory that never goes.
 */
const char *mseg_name_check(const char *name);

/**
 * struct mseg_name_search - the networks that hold a name, one after the other
 * @policy: that is searched
 * @name: that is searched for
 * @place: of its suffix whose networks are next
 * @hash: of that suffix
 * @next: place in the table
 * @end: of the bucket in the table
 */
struct mseg_name_search {
	const struct mseg_policy *policy;
	const char *name;
	__u32 place;
	__u32 hash;
	__u32 next;
	__u32 end;
};

/**
 * mseg_name_search() - begin to look for the networks that hold a name
 * @search: filled
 * @policy: compiled
 * @name: as mseg_name_check() takes it; it stays while the search goes on
 *
 * Any context.
 */
void mseg_name_search(struct mseg_name_search *search, const struct mseg_policy *policy,
		      const char *name);

/**
 * mseg_name_next() - the next network that holds the name
 * @search: begun
 *
 * Any context. The work is bounded by the name's length. A network that holds the name
 * by several domains comes as often.
 *
 * Return: index of a network that a rule names, or MSEG_ID_NONE after the last.
 */
__u32 mseg_name_next(struct mseg_name_search *search);

/**
 * mseg_policy_wants() - whether addresses of a name matter to a policy
 * @policy: compiled
 * @name: as mseg_name_check() takes it
 *
 * Any context.
 *
 * Return: true where a rule's network holds it.
 */
static inline int mseg_policy_wants(const struct mseg_policy *policy, const char *name)
{
	struct mseg_name_search search;

	mseg_name_search(&search, policy, name);
	return mseg_name_next(&search) != MSEG_ID_NONE;
}

/**
 * mseg_policy_holds() - whether a network holds an address that was learned by a name
 *	of its domains
 * @policy: compiled
 * @network: index, found by the name
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @addr: MSEG_ADDR_LEN bytes, network order
 *
 * Any context.
 *
 * Return: true unless an exclusion of the network takes the address out of it.
 */
int mseg_policy_holds(const struct mseg_policy *policy, __u32 network, __u8 family,
		      const __u8 *addr);

/**
 * mseg_policy_observes() - whether any rule is under observation
 * @policy: compiled
 *
 * Any context.
 *
 * Return: true when one is.
 */
static inline int mseg_policy_observes(const struct mseg_policy *policy)
{
	return policy->n_observed > 0;
}

/**
 * mseg_protocol_has_ports() - whether services of a protocol are ports
 * @protocol: IANA number
 *
 * Return: true for TCP, UDP, UDP-Lite, SCTP and DCCP.
 */
static inline int mseg_protocol_has_ports(unsigned int protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

/**
 * mseg_protocol_is_icmp() - whether services are ICMP types and codes
 * @protocol: IANA number
 *
 * Return: true for ICMP and ICMPv6.
 */
static inline int mseg_protocol_is_icmp(unsigned int protocol)
{
	return protocol == 1 || protocol == 58;
}

#endif /* MSEG_CORE_H */
