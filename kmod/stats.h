/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics: per-CPU counters of one network namespace. MSEG_STATS is the one
 * list of them, for the enum, /proc, netlink and documentation.
 */
#ifndef MSEG_STATS_H
#define MSEG_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

/*
 * After traffic stops, seen = allowed + rejected + dropped for every hook and
 * family. The eight of each stand in the order of mseg_stat_packet().
 */
#define MSEG_STATS(X)                                                                               \
	X(seen_in_ipv4, "IPv4 packets that came to LOCAL_IN")                                       \
	X(seen_in_ipv6, "IPv6 packets that came to LOCAL_IN")                                       \
	X(seen_out_ipv4, "IPv4 packets that came to LOCAL_OUT")                                     \
	X(seen_out_ipv6, "IPv6 packets that came to LOCAL_OUT")                                     \
	X(seen_raw_ipv4, "IPv4 packets that packet sockets sent")                                   \
	X(seen_raw_ipv6, "IPv6 packets that packet sockets sent")                                   \
	X(seen_forward_ipv4, "IPv4 packets that came to FORWARD")                                   \
	X(seen_forward_ipv6, "IPv6 packets that came to FORWARD")                                   \
	X(allowed_in_ipv4, "IPv4 packets that LOCAL_IN let through")                                \
	X(allowed_in_ipv6, "IPv6 packets that LOCAL_IN let through")                                \
	X(allowed_out_ipv4, "IPv4 packets that LOCAL_OUT let through")                              \
	X(allowed_out_ipv6, "IPv6 packets that LOCAL_OUT let through")                              \
	X(allowed_raw_ipv4, "IPv4 packets of packet sockets that were let through")                 \
	X(allowed_raw_ipv6, "IPv6 packets of packet sockets that were let through")                 \
	X(allowed_forward_ipv4, "IPv4 packets that FORWARD let through")                            \
	X(allowed_forward_ipv6, "IPv6 packets that FORWARD let through")                            \
	X(rejected_in_ipv4, "IPv4 packets that the policy refused in LOCAL_IN")                     \
	X(rejected_in_ipv6, "IPv6 packets that the policy refused in LOCAL_IN")                     \
	X(rejected_out_ipv4, "IPv4 packets that the policy refused in LOCAL_OUT")                   \
	X(rejected_out_ipv6, "IPv6 packets that the policy refused in LOCAL_OUT")                   \
	X(rejected_raw_ipv4, "IPv4 packets of packet sockets that the policy refused")              \
	X(rejected_raw_ipv6, "IPv6 packets of packet sockets that the policy refused")              \
	X(rejected_forward_ipv4, "IPv4 packets that the policy refused in FORWARD")                 \
	X(rejected_forward_ipv6, "IPv6 packets that the policy refused in FORWARD")                 \
	X(dropped_in_ipv4, "IPv4 packets that LOCAL_IN dropped since they could not be judged")     \
	X(dropped_in_ipv6, "IPv6 packets that LOCAL_IN dropped since they could not be judged")     \
	X(dropped_out_ipv4, "IPv4 packets that LOCAL_OUT dropped since they could not be judged")   \
	X(dropped_out_ipv6, "IPv6 packets that LOCAL_OUT dropped since they could not be judged")   \
	X(dropped_raw_ipv4, "IPv4 packets of packet sockets that could not be judged")              \
	X(dropped_raw_ipv6, "IPv6 packets of packet sockets that could not be judged")              \
	X(dropped_forward_ipv4, "IPv4 packets that FORWARD dropped since they could not be judged") \
	X(dropped_forward_ipv6, "IPv6 packets that FORWARD dropped since they could not be judged") \
	X(drop_fragment, "dropped: a fragment that was not reassembled")                            \
	X(drop_truncated, "dropped: shorter than its headers say")                                  \
	X(drop_headers, "dropped: too many IPv6 extension headers")                                 \
	X(drop_source_route, "dropped: sent by a source route, its peer unknown")                   \
	X(raw_no_memory, "dropped: of a packet socket, for lack of memory to copy it")              \
	X(pass_loopback, "allowed: loopback is not policed")                                        \
	X(pass_own, "allowed: the module's own resets and errors")                                  \
	X(pass_link, "allowed: neighbour discovery, MLD and IGMP")                                  \
	X(pass_related, "allowed: ICMP errors about a live connection")                             \
	X(pass_forwarded, "allowed: ICMP errors about forwarded packets")                           \
	X(pass_answer, "allowed: unicast answers to queries to a group")                            \
	X(pass_refusal, "allowed: resets and ICMP errors of others' rules for incoming packets")    \
	X(judged, "times the policy was asked")                                                     \
	X(judged_allow_rule, "times the policy was asked, and a rule allowed")                      \
	X(judged_allow_default, "times the policy was asked, and the default allowed")              \
	X(judged_reject_rule, "times the policy was asked, and a rule rejected")                    \
	X(judged_reject_default, "times the policy was asked, and the default rejected")            \
	X(midstream, "connections first seen in their middle")                                      \
	X(conn_added, "connections remembered")                                                     \
	X(conn_removed, "connections forgotten")                                                    \
	X(state_new, "connections that began, without a reply yet")                                 \
	X(state_replied, "connections that were replied to")                                        \
	X(state_established, "connections that were established, or found to be")                   \
	X(state_closing, "connections of which a FIN or RST was seen")                              \
	X(state_closed, "connections that ended")                                                   \
	X(state_rejected, "connections or attempts that came to be rejected")                       \
	X(conn_evicted, "connections forgotten to make room for others")                            \
	X(conn_overflow, "connections remembered beyond the limit: all others are established")     \
	X(conn_waiting,                                                                             \
	  "connections not remembered: too many that were forgotten wait to be freed")              \
	X(conn_total, "connections not remembered: all namespaces together are at their limit")     \
	X(conn_full, "connections not remembered: the cache is full")                               \
	X(conn_no_memory, "connections not remembered: no memory")                                  \
	X(query_forgotten, "queries to a group not waited for: too many of one user's")             \
	X(dns_queries, "DNS queries whose answers were waited for")                                 \
	X(dns_forgotten, "DNS queries not waited for any longer: too many of one user's")           \
	X(dns_unanswered, "DNS queries without an answer in time")                                  \
	X(dns_answers, "DNS answers that were waited for")                                          \
	X(dns_unasked, "DNS answers ignored: nothing was asked there, from that port, by that id")  \
	X(dns_other_question, "DNS answers ignored: another question was asked")                    \
	X(dns_checksum, "DNS answers ignored: wrong checksum")                                      \
	X(dns_window, "DNS answers by TCP ignored: the socket does not take the segment")           \
	X(dns_malformed, "DNS answers not learned from: malformed")                                 \
	X(dns_truncated, "DNS answers not learned from: truncated, as they say")                    \
	X(dns_chain, "DNS answers not learned from: too many canonical names")                      \
	X(dns_fragment, "DNS answers not learned from: they came in fragments")                     \
	X(dns_long, "DNS answers not learned from: longer than what is read")                       \
	X(dns_tcp_split, "DNS answers in several TCP segments, left to user space")                 \
	X(dns_learned, "addresses learned by name, or once more")                                   \
	X(dns_expired, "addresses by name whose time was over")                                     \
	X(dns_evicted, "addresses by name forgotten to make room for others")                       \
	X(dns_unwanted, "addresses by name not learned: no domain of the policy holds it")          \
	X(dns_refused_address, "addresses by name not learned: loopback, link-local, groups")       \
	X(dns_refused_private, "addresses by name not learned: private ones are refused")           \
	X(dns_no_memory, "DNS queries not waited for, or addresses not learned: no memory")         \
	X(dns_records_made, "DNS records made")                                                     \
	X(dns_records_sent, "DNS records handed to netlink")                                        \
	X(dns_records_lost, "DNS records lost")                                                     \
	X(heads_made, "records made of what connections send first")                                \
	X(heads_sent, "such records handed to netlink")                                             \
	X(heads_lost, "such records lost")                                                          \
	X(txn_refused, "transactions refused: too many at once")                                    \
	X(policy_too_large, "policies refused: too large for the tables")                           \
	X(changes, "changes of a network's entries in place")                                       \
	X(changes_too_large, "such changes refused: the whole policy is to be loaded")              \
	X(subscribers_refused, "subscriptions to records refused: too many at once")                \
	X(answers, "rejected packets that were to be answered")                                     \
	X(answers_limited, "rejected packets not answered, by the rate limit")                      \
	X(flows_made, "flow records made")                                                          \
	X(flows_sent, "flow records handed to netlink")                                             \
	X(flows_lost_accept, "flow records of allowed connections lost")                            \
	X(flows_lost_reject, "flow records of rejected connections lost")

enum mseg_stat {
#define X(name, doc) MSEG_STAT_##name,
	MSEG_STATS(X)
#undef X
		MSEG_STAT_MAX
};

struct mseg_stats {
	u64 count[MSEG_STAT_MAX];
};

extern const char *const mseg_stat_names[MSEG_STAT_MAX];

/** mseg_stat() - count one event. Any context. */
#define mseg_stat(stats, name) this_cpu_inc((stats)->count[MSEG_STAT_##name])

/** mseg_stat_add() - count several events. Any context. */
#define mseg_stat_add(stats, name, n) this_cpu_add((stats)->count[MSEG_STAT_##name], n)

/* Where packets are counted. */
enum mseg_stat_hook {
	MSEG_STAT_IN,
	MSEG_STAT_OUT,
	MSEG_STAT_RAW,
	MSEG_STAT_FORWARD,
};

/**
 * mseg_stat_packet() - count a packet by hook and family
 * @stats: of its network namespace
 * @first: the _in_ipv4 statistic of eight
 * @hook: where it was seen
 * @ipv6: IPv6, not IPv4
 *
 * Any context.
 */
static inline void mseg_stat_packet(struct mseg_stats __percpu *stats, enum mseg_stat first,
				    enum mseg_stat_hook hook, bool ipv6)
{
	this_cpu_inc(stats->count[first + hook * 2 + ipv6]);
}

/**
 * mseg_stat_state() - count a connection that came into a state
 * @stats: of its network namespace
 * @state: enum mseg_conn_state, whose order the statistics follow
 *
 * Any context.
 */
static inline void mseg_stat_state(struct mseg_stats __percpu *stats, u8 state)
{
	this_cpu_inc(stats->count[MSEG_STAT_state_new + state]);
}

/**
 * mseg_stats_sum() - add a statistic up over all processors
 * @stats: of a network namespace
 * @stat: which
 *
 * Any context.
 *
 * Return: the sum, which counts no event twice but may miss those of this
 * instant.
 */
u64 mseg_stats_sum(const struct mseg_stats __percpu *stats, enum mseg_stat stat);

#endif /* MSEG_STATS_H */
