/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Made from include/mseg.yaml by 'make uapi': edit there. */
/*
 * Policy, connections and flow records of the host microsegmentation
 * module.
 *
 * A policy is flat here: networks (sets of prefixes), rules that name
 * networks and services, and a default for each direction. It is
 * replaced by a transaction: txn-begin, any number of txn-network, txn-
 * rule and txn-defaults, then txn-commit, which puts the whole policy
 * in force or leaves the former one. A transaction belongs to the
 * socket that began it and ends with it.
 *
 * A network may name domains. Addresses are learned for them from the
 * answers of the resolvers that resolvers-set names, before who asked
 * can read those, and each counts as an entry of the networks whose
 * domains hold its name.
 *
 * Every command asks for CAP_NET_ADMIN in the initial user namespace,
 * and acts on the network namespace of its socket.
 */

#ifndef _UAPI_LINUX_MSEG_H
#define _UAPI_LINUX_MSEG_H

#include <linux/types.h>

#define MSEG_GENL_NAME		"mseg"
#define MSEG_GENL_VERSION	1

#define MSEG_MAX_NAME_LEN		255
#define MSEG_MAX_NETWORKS		65536
#define MSEG_MAX_RULES			131072
#define MSEG_MAX_ENTRIES		4194304
#define MSEG_MAX_CHANGE			1024
#define MSEG_MAX_CONFIRM_WITHIN		86400
#define MSEG_MAX_PAIRS			1048576
#define MSEG_MAX_RANGES			4194304
#define MSEG_MAX_OVERLAP		1024
#define MSEG_MAX_MEMBERS		4194304
#define MSEG_MAX_MAP_BYTES		268435456
#define MSEG_MAX_RULE_NETWORKS		512
#define MSEG_MAX_RULE_SERVICES		512
#define MSEG_MAX_DOMAIN_LEN		255
#define MSEG_MAX_DOMAINS		65536
#define MSEG_MAX_RESOLVERS		16
#define MSEG_MAX_DNS_PAYLOAD		4096
#define MSEG_MAX_HEAD			2048
#define MSEG_MAX_DNS_CHAIN		8
#define MSEG_MAX_DNS_TTL		86400
#define MSEG_MAX_LEARNED		65536
#define MSEG_MAX_LEARNED_PER_NAME	256
#define MSEG_MAX_LEARNED_PER_NETWORK	16384
#define MSEG_MAX_NAMES_PER_ADDRESS	32
#define MSEG_ID_NONE			4294967295

/**
 * enum mseg_direction - As the host sees the connection's first packet.
 */
enum mseg_direction {
	MSEG_DIRECTION_IN,
	MSEG_DIRECTION_OUT,
};

enum mseg_action {
	MSEG_ACTION_ALLOW,
	MSEG_ACTION_REJECT,
};

/**
 * enum mseg_family - Address families, numbered as IP versions are.
 */
enum mseg_family {
	MSEG_FAMILY_IPV4 = 4,
	MSEG_FAMILY_IPV6 = 6,
};

/**
 * enum mseg_flow_event - Why a flow record was made. An update comes every 30
 *   seconds while packets do, and at once when the verdict changes.
 */
enum mseg_flow_event {
	MSEG_FLOW_EVENT_BEGIN,
	MSEG_FLOW_EVENT_UPDATE,
	MSEG_FLOW_EVENT_END,
};

/**
 * enum mseg_reason - What decided a flow's verdict.
 */
enum mseg_reason {
	MSEG_REASON_RULE,
	MSEG_REASON_DEFAULT,
};

/**
 * enum mseg_flow_flag
 * @MSEG_FLOW_FLAG_EXISTING: The connection was older than the module's
 *   knowledge of it.
 * @MSEG_FLOW_FLAG_SILENT: Rejected without an answer.
 * @MSEG_FLOW_FLAG_FORWARDED: Went through the host, which is neither of its
 *   ends.
 * @MSEG_FLOW_FLAG_RAW: Sent through a packet socket, past the host's own IP
 *   layer.
 */
enum mseg_flow_flag {
	MSEG_FLOW_FLAG_EXISTING = 1,
	MSEG_FLOW_FLAG_SILENT = 2,
	MSEG_FLOW_FLAG_FORWARDED = 4,
	MSEG_FLOW_FLAG_RAW = 8,
};

/**
 * enum mseg_conn_state - new has been seen in one direction alone, replied in
 *   both, established went on after the reply; closing has seen FIN or RST,
 *   closed has no local socket any more.
 */
enum mseg_conn_state {
	MSEG_CONN_STATE_NEW,
	MSEG_CONN_STATE_REPLIED,
	MSEG_CONN_STATE_ESTABLISHED,
	MSEG_CONN_STATE_CLOSING,
	MSEG_CONN_STATE_CLOSED,
	MSEG_CONN_STATE_REJECTED,
};

/**
 * enum mseg_existing - What a commit does to connections that exist: rematch
 *   judges each again at its next packet, keep leaves those alone that were
 *   allowed, reset judges all at once and cuts those that are no longer
 *   allowed.
 */
enum mseg_existing {
	MSEG_EXISTING_REMATCH,
	MSEG_EXISTING_KEEP,
	MSEG_EXISTING_RESET,
};

/**
 * enum mseg_opinion - What would have been decided by what does not decide.
 */
enum mseg_opinion {
	MSEG_OPINION_NONE,
	MSEG_OPINION_ALLOW,
	MSEG_OPINION_REJECT,
};

/**
 * enum mseg_mode - What is done about a kind of traffic beside the host's own.
 */
enum mseg_mode {
	MSEG_MODE_OFF,
	MSEG_MODE_OBSERVE,
	MSEG_MODE_ENFORCE,
};

/**
 * enum mseg_dns_event - Why a DNS record was made. An answer is to a query
 *   that was seen to leave; no-answer, none came in time; rejected, the policy
 *   refused the query; segment, a part of a TCP stream that holds no whole
 *   answer.
 */
enum mseg_dns_event {
	MSEG_DNS_EVENT_ANSWER,
	MSEG_DNS_EVENT_NO_ANSWER,
	MSEG_DNS_EVENT_REJECTED,
	MSEG_DNS_EVENT_SEGMENT,
};

/**
 * enum mseg_dns_flag
 * @MSEG_DNS_FLAG_RESOLVER: The server is one of those that resolvers-set
 *   names.
 * @MSEG_DNS_FLAG_CUT: The message is longer than what is reported of it.
 */
enum mseg_dns_flag {
	MSEG_DNS_FLAG_RESOLVER = 1,
	MSEG_DNS_FLAG_CUT = 2,
};

/**
 * struct mseg_flow_record
 * @seq: Counts the records made on this processor.
 * @id: The connection, unique since the module was loaded.
 * @first_seen: Nanoseconds since 1970, as all times.
 * @last_seen: When the last packet passed, or the last attempt was
 *   rejected; of a connection that came to be rejected the verdict, of a
 *   closed one its end.
 * @packets_in: Packets towards the host since the connection began, as all
 *   counters.
 * @packets_out: Packets from the host.
 * @bytes_in: Bytes of the IP packets with their headers, as the host
 *   handles them: what the device segments or merges has one header.
 * @bytes_out: As bytes-in.
 * @cookie: The deciding rule's cookie, 0 without one.
 * @observed_cookie: Of the observed rule.
 * @cgroup: Of the local socket's owner in the unified hierarchy, 0 where
 *   unknown.
 * @count: Connections (or attempts, when rejected) that the record stands
 *   for, since the flow's last record.
 * @cpu: Processor that made the record.
 * @generation: Of the policy that gave the verdict.
 * @rule: Index of the deciding rule in its generation, or id-none.
 * @network: Index of the peer's network in that generation, or id-none.
 * @ifindex: Interface of the first packet.
 * @uid: Of the local socket's owner, as the initial user namespace counts
 *   them; id-none where unknown.
 * @observed_rule: Index of the rule under observation that would have
 *   decided, or id-none.
 * @candidate_generation: Of the candidate policy that was asked as well, 0
 *   without one.
 * @candidate_rule: Index of the rule that decides in the candidate, or id-
 *   none.
 * @command: Name of the task that began or accepted the connection, filled
 *   up with zeros; empty where unknown.
 * @source: Address that sent the first packet.
 * @destination: Address that the first packet went to.
 * @source_port: Or an ICMP query's identifier; 0 where the record stands
 *   for rejected attempts from several.
 * @destination_port: Port of the service, 0 where the protocol has none.
 * @family: Of the addresses. (enum mseg_family)
 * @protocol: IANA number.
 * @icmp_type: Of the first packet.
 * @icmp_code: Of the first packet.
 * @direction: Of the first packet. (enum mseg_direction)
 * @verdict: What happens to its packets. (enum mseg_action)
 * @reason: What gave the verdict. (enum mseg_reason)
 * @event: Why the record was made. (enum mseg_flow_event)
 * @state: Of the connection. (enum mseg_conn_state)
 * @flags: Further facts. (enum mseg_flow_flag)
 * @observed: What the rules under observation would have decided. (enum
 *   mseg_opinion)
 * @candidate: What the candidate policy would have decided. (enum
 *   mseg_opinion)
 *
 * One flow, in host byte order; addresses are in network order, an IPv4
 * address in the first four bytes. Every byte is defined, padding is zero.
 * Sequence numbers count the records made on one processor: a hole is a
 * loss, which the flows-lost statistics count by verdict.
 */
struct mseg_flow_record {
	__u64 seq;
	__u64 id;
	__u64 first_seen;
	__u64 last_seen;
	__u64 packets_in;
	__u64 packets_out;
	__u64 bytes_in;
	__u64 bytes_out;
	__u64 cookie;
	__u64 observed_cookie;
	__u64 cgroup;
	__u32 count;
	__u32 cpu;
	__u32 generation;
	__u32 rule;
	__u32 network;
	__u32 ifindex;
	__u32 uid;
	__u32 observed_rule;
	__u32 candidate_generation;
	__u32 candidate_rule;
	__u8 command[16];
	__u8 source[16];
	__u8 destination[16];
	__u16 source_port;
	__u16 destination_port;
	__u8 family;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 direction;
	__u8 verdict;
	__u8 reason;
	__u8 event;
	__u8 state;
	__u8 flags;
	__u8 observed;
	__u8 candidate;
};

/**
 * struct mseg_dns_record
 * @seq: Counts the records made in this network namespace: a hole is a
 *   loss, which the statistic dns-lost counts.
 * @time: Nanoseconds since 1970, of the answer, or of what else happened.
 * @asked: When the query was sent, nanoseconds since 1970.
 * @cgroup: Of who asked, in the unified hierarchy, 0 where unknown.
 * @uid: Of who asked, as the initial user namespace counts; id-none where
 *   unknown.
 * @ifindex: Interface that the message came by or was to leave by.
 * @learned: Addresses that were learned from the answer.
 * @refused: Addresses of the answer that were not learned though the policy
 *   names the domain, such as those of loopback.
 * @length: Bytes of the whole message, of which at most max-dns-payload are
 *   reported.
 * @tcp_seq: Of the first byte reported, of a segment; else 0.
 * @command: Name of the task that asked, filled up with zeros; empty where
 *   unknown.
 * @client: Address of this host.
 * @server: Address that was asked.
 * @client_port: Port of this host.
 * @server_port: Port that was asked, 53.
 * @family: Of the addresses. (enum mseg_family)
 * @protocol: IANA number, of UDP or TCP.
 * @event: Why the record was made. (enum mseg_dns_event)
 * @flags: Further facts. (enum mseg_dns_flag)
 *
 * One DNS query or answer, in host byte order; addresses are in network
 * order, an IPv4 address in the first four bytes. Every byte is defined.
 * The message itself stands beside it: the answer, or where none came the
 * query's header and question alone.
 */
struct mseg_dns_record {
	__u64 seq;
	__u64 time;
	__u64 asked;
	__u64 cgroup;
	__u32 uid;
	__u32 ifindex;
	__u32 learned;
	__u32 refused;
	__u32 length;
	__u32 tcp_seq;
	__u8 command[16];
	__u8 client[16];
	__u8 server[16];
	__u16 client_port;
	__u16 server_port;
	__u8 family;
	__u8 protocol;
	__u8 event;
	__u8 flags;
};

/**
 * struct mseg_head_record
 * @seq: Counts the records made in this network namespace: a hole is a
 *   loss, which the statistic heads-lost counts.
 * @time: When they were sent, nanoseconds since 1970.
 * @connection: The id in the connection's flow records.
 * @length: Bytes that were sent at once, of which at most max-head are
 *   reported.
 *
 * What an outgoing connection of TCP sends first, where that may be TLS or
 * HTTP, in host byte order. Every byte is defined. The bytes themselves
 * stand beside it.
 */
struct mseg_head_record {
	__u64 seq;
	__u64 time;
	__u64 connection;
	__u64 length;
};

enum {
	MSEG_A_ENTRY_ADDRESS = 1,
	MSEG_A_ENTRY_PREFIX_LEN,
	MSEG_A_ENTRY_EXCLUDE,
	MSEG_A_ENTRY_REMOVE,

	__MSEG_A_ENTRY_MAX
};
#define MSEG_A_ENTRY_MAX (__MSEG_A_ENTRY_MAX - 1)

enum {
	MSEG_A_SERVICE_PROTOCOL = 1,
	MSEG_A_SERVICE_LOW,
	MSEG_A_SERVICE_HIGH,
	MSEG_A_SERVICE_ITEM,

	__MSEG_A_SERVICE_MAX
};
#define MSEG_A_SERVICE_MAX (__MSEG_A_SERVICE_MAX - 1)

enum {
	MSEG_A_LEARNED_NAME = 1,
	MSEG_A_LEARNED_ADDRESS,
	MSEG_A_LEARNED_SINCE,
	MSEG_A_LEARNED_UNTIL,
	MSEG_A_LEARNED_RESOLVER,
	MSEG_A_LEARNED_IN_USE,
	MSEG_A_LEARNED_NETWORK,
	MSEG_A_LEARNED_PAD,

	__MSEG_A_LEARNED_MAX
};
#define MSEG_A_LEARNED_MAX (__MSEG_A_LEARNED_MAX - 1)

enum {
	MSEG_A_TXN = 1,
	MSEG_A_GENERATION,
	MSEG_A_DEFAULT_IN,
	MSEG_A_DEFAULT_OUT,
	MSEG_A_NETWORK_COUNT,
	MSEG_A_ENTRY_COUNT,
	MSEG_A_RULE_COUNT,
	MSEG_A_CONNECTION_COUNT,
	MSEG_A_CONNECTION_MAX,
	MSEG_A_VERSION,
	MSEG_A_CLONE,
	MSEG_A_ID,
	MSEG_A_NAME,
	MSEG_A_ENTRY,
	MSEG_A_DIRECTION,
	MSEG_A_ACTION,
	MSEG_A_NETWORK,
	MSEG_A_SERVICE,
	MSEG_A_COOKIE,
	MSEG_A_FLOW,
	MSEG_A_TIMEOUT,
	MSEG_A_STAT,
	MSEG_A_ATTACHED,
	MSEG_A_PAD,
	MSEG_A_CONFIRM_WITHIN,
	MSEG_A_CONFIRM_LEFT,
	MSEG_A_EXISTING,
	MSEG_A_SILENT_IN,
	MSEG_A_SILENT_OUT,
	MSEG_A_HITS,
	MSEG_A_LAST_HIT,
	MSEG_A_OBSERVED,
	MSEG_A_CANDIDATE,
	MSEG_A_CANDIDATE_GENERATION,
	MSEG_A_FORWARD,
	MSEG_A_RAW,
	MSEG_A_LOCKED,
	MSEG_A_DOMAIN,
	MSEG_A_RESOLVER,
	MSEG_A_LEARNED,
	MSEG_A_DNS,
	MSEG_A_DNS_PAYLOAD,
	MSEG_A_HEAD,
	MSEG_A_HEAD_PAYLOAD,

	__MSEG_A_MAX
};
#define MSEG_A_MAX (__MSEG_A_MAX - 1)

enum {
	MSEG_A_STAT_NAME = 1,
	MSEG_A_STAT_VALUE,
	MSEG_A_STAT_PAD,

	__MSEG_A_STAT_MAX
};
#define MSEG_A_STAT_MAX (__MSEG_A_STAT_MAX - 1)

enum {
	MSEG_C_STATUS_GET = 1,
	MSEG_C_ATTACH,
	MSEG_C_DETACH,
	MSEG_C_TXN_BEGIN,
	MSEG_C_TXN_NETWORK,
	MSEG_C_TXN_RULE,
	MSEG_C_TXN_DEFAULTS,
	MSEG_C_TXN_COMMIT,
	MSEG_C_TXN_ABORT,
	MSEG_C_POLICY_CONFIRM,
	MSEG_C_POLICY_REVERT,
	MSEG_C_CANDIDATE_DROP,
	MSEG_C_LOCK,
	MSEG_C_NETWORK_GET,
	MSEG_C_RULE_GET,
	MSEG_C_CONNECTION_GET,
	MSEG_C_STATS_GET,
	MSEG_C_FLOW_SUBSCRIBE,
	MSEG_C_FLOW_NTF,
	MSEG_C_POLICY_NTF,
	MSEG_C_RESOLVERS_SET,
	MSEG_C_RESOLVERS_GET,
	MSEG_C_DNS_CACHE_GET,
	MSEG_C_DNS_LEARN,
	MSEG_C_DNS_SUBSCRIBE,
	MSEG_C_DNS_NTF,
	MSEG_C_NETWORK_CHANGE,
	MSEG_C_HEADS_SUBSCRIBE,
	MSEG_C_HEAD_NTF,

	__MSEG_C_MAX
};
#define MSEG_C_MAX (__MSEG_C_MAX - 1)

#define MSEG_MCGRP_FLOWS	"flows"
#define MSEG_MCGRP_POLICY	"policy"
#define MSEG_MCGRP_DNS		"dns"
#define MSEG_MCGRP_HEADS	"heads"

#endif /* _UAPI_LINUX_MSEG_H */
