// SPDX-License-Identifier: GPL-2.0
/*
 * A message is copied into memory of its processor before it is read, since it may
 * lie in pieces; softirqs are off as long as that is used.
 *
 * By TCP (RFC 7766) a message follows its length, and there may be several. What is
 * not whole within a segment is left to user space, which hears of every segment
 * that holds such a part and may put the stream together.
 */
#include "dns.h"

#include <linux/err.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/ip.h>

#include <linux/mseg.h>
#include <mseg/dns.h>

#include "dnslog.h"
#include "question.h"
#include "socket.h"

#define TTL_FLOOR 60

/* Messages of one segment. */
#define MAX_MESSAGES 16

struct scratch {
	u8 message[MSEG_MAX_DNS_PAYLOAD];
	struct mseg_dns_answer answer;
	char name[MSEG_MAX_DOMAIN_LEN + 1];
};

static struct scratch __percpu *scratches;

/* A packet that is looked at. */
struct sight {
	struct mseg_net *mnet;
	struct sk_buff *skb;
	const struct mseg_packet *packet;
	struct mseg_process process; /* of an outgoing one */
	bool allowed;
	bool by_resolver; /* the peer is one of those that are learned from */
	struct scratch *scratch;
	int offset; /* of the payload, from skb->data */
	u32 len;    /* of the payload */
	u32 seq;    /* of TCP */
};

/* A message in it, whose beginning is in the scratch. */
struct message {
	u32 whole; /* bytes of it */
	u32 len;   /* bytes of it that are there */
};

int mseg_dns_init(void)
{
	scratches = alloc_percpu(struct scratch);
	return scratches ? 0 : -ENOMEM;
}

void mseg_dns_exit(void)
{
	free_percpu(scratches);
}

struct mseg_dns *mseg_dns_new(struct mseg_net *mnet)
{
	struct mseg_dns *dns = kzalloc(sizeof(*dns), GFP_KERNEL);

	if (!dns)
		return NULL;
	dns->ttl_floor = TTL_FLOOR;
	dns->questions = mseg_questions_new(mnet->stats);
	dns->log = mseg_dnslog_new(mnet->net, &mnet->dns_subscribers, mnet->stats);
	if (dns->questions && dns->log)
		return dns;
	mseg_dns_free(dns);
	return NULL;
}

void mseg_dns_free(struct mseg_dns *dns)
{
	if (!dns)
		return;
	mseg_outbox_free(dns->log);
	mseg_questions_free(dns->questions);
	kfree(rcu_dereference_protected(dns->resolvers, true));
	kfree(dns);
}

const struct mseg_resolvers *mseg_dns_resolvers(const struct mseg_net *mnet)
{
	return rcu_dereference_protected(mnet->dns->resolvers, lockdep_is_held(&mnet->lock));
}

void mseg_dns_set_resolvers(struct mseg_net *mnet, struct mseg_resolvers *resolvers)
{
	struct mseg_resolvers *before =
		rcu_replace_pointer(mnet->dns->resolvers, resolvers, lockdep_is_held(&mnet->lock));

	if (before)
		kfree_rcu(before, rcu);
}

static bool is_resolver(const struct mseg_net *mnet, const struct mseg_conn_key *key)
{
	const struct mseg_resolvers *resolvers = rcu_dereference(mnet->dns->resolvers);
	u32 i;

	for (i = 0; resolvers && i < resolvers->n; i++)
		if (resolvers->resolver[i].family == key->family &&
		    !memcmp(resolvers->resolver[i].addr, &key->remote, sizeof(key->remote)))
			return true;
	return false;
}

static bool has_domains(const struct mseg_generation *generation)
{
	return generation && generation->policy->domains;
}

static bool policy_has_domains(const struct mseg_net *mnet)
{
	return has_domains(rcu_dereference(mnet->generation)) ||
	       has_domains(rcu_dereference(mnet->candidate));
}

/* The names of the networks of a policy that want a name, behind those that are there. */
static void add_networks(struct mseg_lesson *lesson, const struct mseg_generation *generation)
{
	struct mseg_name_search search;
	u32 network;

	if (!has_domains(generation))
		return;
	mseg_name_search(&search, generation->policy, lesson->name);
	while (lesson->n_networks < MSEG_LEARNED_CHARGES &&
	       (network = mseg_name_next(&search)) != MSEG_ID_NONE)
		lesson->networks[lesson->n_networks++] = generation->policy->networks[network].name;
}

/* Whether any wants it. */
static bool find_networks(const struct mseg_net *mnet, struct mseg_lesson *lesson)
{
	lesson->n_networks = 0;
	add_networks(lesson, rcu_dereference(mnet->generation));
	add_networks(lesson, rcu_dereference(mnet->candidate));
	return lesson->n_networks;
}

static bool learn_address(struct mseg_net *mnet, const struct mseg_lesson *lesson)
{
	const struct mseg_address *address = &lesson->address;

	if (!mseg_dns_may_learn(address->family, address->addr)) {
		mseg_stat(mnet->stats, dns_refused_address);
		return false;
	}
	if (READ_ONCE(mnet->dns->refuse_private) &&
	    mseg_dns_is_private(address->family, address->addr)) {
		mseg_stat(mnet->stats, dns_refused_private);
		return false;
	}
	return mseg_learned_add(mnet->learned, lesson);
}

bool mseg_dns_learn(struct mseg_net *mnet, struct mseg_lesson *lesson)
{
	if (!find_networks(mnet, lesson)) {
		mseg_stat(mnet->stats, dns_unwanted);
		return false;
	}
	return learn_address(mnet, lesson);
}

static void describe(struct mseg_dns_record *record, const struct mseg_conn_key *key, u8 event)
{
	*record = (struct mseg_dns_record){
		.time = ktime_get_real_ns(),
		.uid = MSEG_ID_NONE,
		.client_port = ntohs(key->lport),
		.server_port = ntohs(key->rport),
		.family = key->family,
		.protocol = key->protocol,
		.event = event,
	};
	memcpy(record->client, &key->local, sizeof(record->client));
	memcpy(record->server, &key->remote, sizeof(record->server));
}

static void describe_question(struct mseg_dns_record *record, const struct mseg_question *question)
{
	record->asked = question->asked;
	record->uid = question->process.uid;
	record->cgroup = question->process.cgroup;
	memcpy(record->command, question->process.command, sizeof(record->command));
	record->ifindex = question->ifindex;
	if (question->by_resolver)
		record->flags |= MSEG_DNS_FLAG_RESOLVER;
}

/* A query without answer: of its message there is the question alone, and it says so. */
static void tell_of_question(struct mseg_net *mnet, struct mseg_question *question, u8 event)
{
	struct mseg_dns_record record;

	if (!mseg_outbox_wanted(mnet->dns->log))
		return;
	describe(&record, &question->key, event);
	describe_question(&record, question);
	record.length = question->len;
	memset(question->message + 6, 0, 6);
	mseg_dnslog_emit(mnet->dns->log, &record, question->message, question->len);
}

/* Into the scratch, as much as there is room for. */
static bool copy_message(const struct sight *sight, u32 at, u32 len, struct message *message)
{
	message->whole = len;
	message->len = min_t(u32, len, MSEG_MAX_DNS_PAYLOAD);
	return !skb_copy_bits(sight->skb, sight->offset + at, sight->scratch->message, message->len);
}

static bool see_query(struct sight *sight, const struct message *message)
{
	struct mseg_net *mnet = sight->mnet;
	struct mseg_dns_question asked;
	struct mseg_question *question;

	if (!mseg_dns_read_question(sight->scratch->message, message->len, 0, &asked))
		return false;
	question =
		mseg_question_new(sight->packet, &sight->process, sight->scratch->message, &asked);
	if (!question) {
		mseg_stat(mnet->stats, dns_no_memory);
		return true;
	}
	question->by_resolver = sight->by_resolver;
	if (sight->allowed) {
		mseg_stat(mnet->stats, dns_queries);
		mseg_question_add(mnet->dns->questions, question);
	} else {
		tell_of_question(mnet, question, MSEG_DNS_EVENT_REJECTED);
		kfree(question);
	}
	return true;
}

/* What was put together from pieces may have one of somebody else's. */
static bool was_fragmented(const struct sight *sight)
{
	if (sight->packet->family == MSEG_FAMILY_IPV4)
		return IPCB(sight->skb)->frag_max_size;
	return IP6CB(sight->skb)->frag_max_size;
}

static bool read_answer(const struct sight *sight, const struct message *message,
			const struct mseg_dns_question *asked)
{
	struct mseg_stats __percpu *stats = sight->mnet->stats;

	if (was_fragmented(sight)) {
		mseg_stat(stats, dns_fragment);
		return false;
	}
	if (message->whole > message->len) {
		mseg_stat(stats, dns_long);
		return false;
	}
	switch (mseg_dns_read_answer(sight->scratch->message, message->len, asked,
				     &sight->scratch->answer)) {
	case MSEG_DNS_READ:
		return true;
	case MSEG_DNS_NOTHING:
		break;
	case MSEG_DNS_TRUNCATED:
		mseg_stat(stats, dns_truncated);
		break;
	case MSEG_DNS_CHAIN:
		mseg_stat(stats, dns_chain);
		break;
	case MSEG_DNS_MALFORMED:
		mseg_stat(stats, dns_malformed);
		break;
	}
	return false;
}

static void learn_addresses(const struct sight *sight, struct mseg_lesson *lesson,
			    struct mseg_dns_record *record)
{
	const struct mseg_dns_answer *answer = &sight->scratch->answer;
	struct mseg_net *mnet = sight->mnet;
	u32 i, floor = READ_ONCE(mnet->dns->ttl_floor);

	lesson->address.family = answer->family;
	for (i = 0; i < answer->n; i++) {
		memcpy(lesson->address.addr, answer->address[i], MSEG_ADDR_LEN);
		lesson->seconds = max(answer->ttl[i], floor);
		if (learn_address(mnet, lesson))
			record->learned++;
		else
			record->refused++;
	}
}

static void learn(const struct sight *sight, const struct message *message,
		  const struct mseg_dns_question *asked, struct mseg_dns_record *record)
{
	const struct mseg_conn_key *key = &sight->packet->key;
	struct mseg_lesson lesson = {
		.name = sight->scratch->name,
		.since = record->time,
		.resolver.family = key->family,
	};

	if (!mseg_dns_name(asked, sight->scratch->name) || !find_networks(sight->mnet, &lesson) ||
	    !read_answer(sight, message, asked))
		return;
	memcpy(lesson.resolver.addr, &key->remote, sizeof(key->remote));
	learn_addresses(sight, &lesson, record);
}

static void tell_of_message(const struct sight *sight, const struct message *message,
			    struct mseg_dns_record *record)
{
	record->length = message->whole;
	record->ifindex = sight->packet->ifindex;
	if (sight->by_resolver)
		record->flags |= MSEG_DNS_FLAG_RESOLVER;
	if (message->whole > message->len)
		record->flags |= MSEG_DNS_FLAG_CUT;
	mseg_dnslog_emit(sight->mnet->dns->log, record, sight->scratch->message, message->len);
}

/* The query that is answered, or NULL and why not is counted. */
static struct mseg_question *take_question(const struct sight *sight,
					   const struct mseg_dns_question *asked)
{
	struct mseg_net *mnet = sight->mnet;
	struct mseg_question *question =
		mseg_question_take(mnet->dns->questions, &sight->packet->key, asked);

	if (!IS_ERR(question)) {
		mseg_stat(mnet->stats, dns_answers);
		return question;
	}
	if (question == ERR_PTR(-EBADMSG))
		mseg_stat(mnet->stats, dns_other_question);
	else
		mseg_stat(mnet->stats, dns_unasked);
	return NULL;
}

static bool see_answer(struct sight *sight, const struct message *message)
{
	struct mseg_dns_question asked;
	struct mseg_dns_record record;
	struct mseg_question *question;

	if (!mseg_dns_read_question(sight->scratch->message, message->len, 1, &asked)) {
		mseg_stat(sight->mnet->stats, dns_malformed);
		return false;
	}
	question = take_question(sight, &asked);
	if (!question)
		return true;
	describe(&record, &sight->packet->key, MSEG_DNS_EVENT_ANSWER);
	describe_question(&record, question);
	if (question->by_resolver && sight->by_resolver)
		learn(sight, message, &asked, &record);
	tell_of_message(sight, message, &record);
	kfree(question);
	return true;
}

/* The part of a stream that holds no whole message, from a place in the payload on. */
static void leave_segment(struct sight *sight, u32 at)
{
	struct mseg_dns_question asked;
	struct mseg_question *question = NULL;
	struct mseg_dns_record record;
	struct message message;
	u32 begin;

	mseg_stat(sight->mnet->stats, dns_tcp_split);
	if (!copy_message(sight, at, sight->len - at, &message))
		return;
	describe(&record, &sight->packet->key, MSEG_DNS_EVENT_SEGMENT);
	record.tcp_seq = sight->seq + at;
	/*
	 * Behind the length there may be the beginning of what is waited for; or at once,
	 * where the length had a segment of its own, which user space checks.
	 */
	for (begin = 0; begin <= 2 && begin < message.len && IS_ERR_OR_NULL(question); begin += 2)
		if (mseg_dns_read_question(sight->scratch->message + begin, message.len - begin, 1,
					   &asked))
			question = mseg_question_take(sight->mnet->dns->questions,
						      &sight->packet->key, &asked);
	if (!IS_ERR_OR_NULL(question)) {
		describe_question(&record, question);
		kfree(question);
	}
	tell_of_message(sight, &message, &record);
}

static bool see_message(struct sight *sight, u32 at, u32 len)
{
	struct message message;

	if (!copy_message(sight, at, len, &message))
		return false;
	return sight->packet->out ? see_query(sight, &message) : see_answer(sight, &message);
}

static void see_segment(struct sight *sight)
{
	u32 at = 0, len, n;
	__be16 buffer;
	const __be16 *head;

	for (n = 0; n < MAX_MESSAGES && at < sight->len; n++, at += 2 + len) {
		head = skb_header_pointer(sight->skb, sight->offset + at, sizeof(buffer), &buffer);
		len = head ? ntohs(*head) : 0;
		if (!len || len + 2 > sight->len - at || !see_message(sight, at + 2, len))
			break;
	}
	if (at < sight->len && !sight->packet->out)
		leave_segment(sight, at);
}

static bool find_datagram(struct sight *sight, bool *has_checksum)
{
	int transport = sight->packet->transport;
	const struct udphdr *udp;
	struct udphdr buffer;
	u32 len;

	udp = skb_header_pointer(sight->skb, transport, sizeof(buffer), &buffer);
	if (!udp)
		return false;
	len = ntohs(udp->len);
	if (len <= sizeof(buffer) || len > sight->skb->len - transport)
		return false;
	sight->offset = transport + sizeof(buffer);
	sight->len = len - sizeof(buffer);
	*has_checksum = udp->check;
	return true;
}

/* Who forges a segment may know the ports and the id, but not where the stream is. */
static bool is_of_stream(const struct sight *sight, const struct tcphdr *tcp)
{
	const struct mseg_packet *packet = sight->packet;

	if (packet->out ||
	    (tcp->ack &&
	     mseg_socket_takes(sight->mnet->net, &packet->key, packet->ifindex, sight->seq,
			       sight->seq + sight->len, ntohl(tcp->ack_seq))))
		return true;
	mseg_stat(sight->mnet->stats, dns_window);
	return false;
}

static bool find_stream(struct sight *sight)
{
	int transport = sight->packet->transport;
	const struct tcphdr *tcp;
	struct tcphdr buffer;

	tcp = skb_header_pointer(sight->skb, transport, sizeof(buffer), &buffer);
	if (!tcp || tcp->syn || tcp->rst || tcp->doff < 5 ||
	    sight->skb->len <= transport + tcp->doff * 4)
		return false;
	sight->offset = transport + tcp->doff * 4;
	sight->len = sight->skb->len - sight->offset;
	sight->seq = ntohl(tcp->seq);
	return is_of_stream(sight, tcp);
}

/* What the stack will throw away teaches nothing. */
static bool checksum_holds(const struct sight *sight, const struct nf_hook_state *state)
{
	const struct mseg_packet *packet = sight->packet;
	u16 family = packet->family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6;

	if (!nf_checksum(sight->skb, state->hook, packet->transport, packet->protocol, family))
		return true;
	mseg_stat(sight->mnet->stats, dns_checksum);
	return false;
}

/* Whether there is a payload that the receiver will take. */
static bool find_payload(struct sight *sight, const struct nf_hook_state *state)
{
	bool has_checksum = true;

	switch (sight->packet->protocol) {
	case IPPROTO_UDP:
		if (!find_datagram(sight, &has_checksum))
			return false;
		break;
	case IPPROTO_TCP:
		if (!find_stream(sight))
			return false;
		break;
	default:
		return false;
	}
	return sight->packet->out || !has_checksum || checksum_holds(sight, state);
}

void mseg_dns_packet(struct mseg_net *mnet, struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct mseg_packet *packet, bool allowed)
{
	struct sight sight = {
		.mnet = mnet,
		.skb = skb,
		.packet = packet,
		.allowed = allowed,
	};

	if (!packet->out && !allowed)
		return;
	sight.by_resolver = is_resolver(mnet, &packet->key);
	if (!(sight.by_resolver && policy_has_domains(mnet)) && !mseg_outbox_wanted(mnet->dns->log))
		return;
	if (!find_payload(&sight, state))
		return;
	if (packet->out)
		mseg_process_of_packet(&sight.process, packet);
	local_bh_disable();
	sight.scratch = this_cpu_ptr(scratches);
	if (packet->protocol == IPPROTO_UDP)
		see_message(&sight, 0, sight.len);
	else
		see_segment(&sight);
	local_bh_enable();
}

void mseg_dns_sweep(struct mseg_net *mnet)
{
	struct mseg_question *question;
	unsigned int set = 0;

	while ((question = mseg_question_take_old(mnet->dns->questions, &set))) {
		mseg_stat(mnet->stats, dns_unanswered);
		tell_of_question(mnet, question, MSEG_DNS_EVENT_NO_ANSWER);
		kfree(question);
	}
}
