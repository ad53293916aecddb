// SPDX-License-Identifier: GPL-2.0
/*
 * For each end: what it sent, and what the other end allowed it to send. A
 * segment is in the window when it begins before that limit, ends not long before
 * what its receiver has already, and acknowledges what was sent, not long ago.
 *
 * A connection first seen in its middle has windows of unknown scale, for which
 * the largest is assumed. Its bounds are wide, and get exact with its end.
 */
#include "window.h"

#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include <linux/mseg.h>

/* How late an acknowledgment may be, whatever the window. */
#define LATE_ACK 66000

static u8 read_scale(const u8 *options, int len)
{
	int i = 0;

	while (i < len && options[i] != TCPOPT_EOL) {
		if (options[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || options[i + 1] < 2 || i + options[i + 1] > len)
			break;
		if (options[i] == TCPOPT_WINDOW && options[i + 1] == TCPOLEN_WINDOW)
			return min_t(u8, options[i + 2], TCP_MAX_WSCALE);
		i += options[i + 1];
	}
	return MSEG_SCALE_NONE;
}

bool mseg_segment_read(const struct sk_buff *skb, int offset, struct mseg_segment *segment)
{
	u8 options_buffer[MAX_TCP_OPTION_SPACE];
	const struct tcphdr *tcp;
	struct tcphdr buffer;
	const u8 *options;
	int len;

	tcp = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!tcp || tcp->doff < 5)
		return false;
	len = tcp->doff * 4 - sizeof(buffer);
	options = skb_header_pointer(skb, offset + sizeof(buffer), len, options_buffer);
	if (!options)
		return false;
	*segment = (struct mseg_segment){
		.seq = ntohl(tcp->seq),
		.ack = ntohl(tcp->ack_seq),
		.window = ntohs(tcp->window),
		.scale = tcp->syn ? read_scale(options, len) : MSEG_SCALE_NONE,
		.syn = tcp->syn,
		.fin = tcp->fin,
		.rst = tcp->rst,
		.has_ack = tcp->ack,
	};
	segment->end = segment->seq + skb->len - offset - tcp->doff * 4 + tcp->syn + tcp->fin;
	return true;
}

void mseg_window_begin(struct mseg_window *window, bool existing)
{
	*window = (struct mseg_window){
		.state = existing ? MSEG_CONN_STATE_ESTABLISHED : MSEG_CONN_STATE_NEW,
	};
}

/* What a segment offers: SYN is never scaled, and both have to scale for either to. */
static u32 offered(const struct mseg_window_side *sender, const struct mseg_window_side *receiver,
		   const struct mseg_segment *segment)
{
	bool scaled = !segment->syn && sender->scale != MSEG_SCALE_NONE &&
		      receiver->scale != MSEG_SCALE_NONE;

	return max((u32)segment->window << (scaled ? sender->scale : 0), 1U);
}

/* An end that begins with this segment. */
static void begin_side(struct mseg_window_side *side, const struct mseg_segment *segment)
{
	*side = (struct mseg_window_side){
		.end = segment->end,
		.limit = segment->end,
		.ack = segment->ack,
		.window = max_t(u32, segment->window, 1),
		.scale = segment->scale,
		.known = true,
		.acked = segment->has_ack,
	};
}

/* Whether a segment answers the last SYN of who began the connection. */
static bool answers_syn(const struct mseg_window *window, const struct mseg_segment *segment,
			bool reply)
{
	return reply && window->syn.syn && segment->has_ack &&
	       after(segment->ack, window->syn.seq) && !after(segment->ack, window->syn.end);
}

/* SYN and SYN-ACK have met: what was before is over. */
static void begin_both(struct mseg_window *window, const struct mseg_segment *answer)
{
	struct mseg_window_side *client = &window->sides[0], *server = &window->sides[1];

	begin_side(client, &window->syn);
	begin_side(server, answer);
	client->limit = answer->ack + server->window;
	server->limit = answer->end + client->window;
	window->syn.syn = false;
	window->state = MSEG_CONN_STATE_REPLIED;
}

/*
 * A SYN changes nothing of a connection that lives; remembered, it lets an answer
 * to it begin the next one, once the client has reset what it forgot (RFC 9293,
 * 3.5.1: the server asks, and the client's reset is in the window). The SYN of
 * both ends at once is a reply.
 */
static bool follow_syn(struct mseg_window *window, const struct mseg_segment *segment, bool reply)
{
	struct mseg_window_side *sender = &window->sides[reply];
	struct mseg_window_side *receiver = &window->sides[!reply];

	if (!reply)
		window->syn = *segment;
	if (window->state != MSEG_CONN_STATE_NEW)
		return false;
	begin_side(sender, segment);
	if (!reply || !receiver->known)
		return true;
	sender->limit = sender->end + receiver->window;
	receiver->limit = receiver->end + sender->window;
	window->state = MSEG_CONN_STATE_REPLIED;
	return true;
}

/* Neither end was seen before: both are where this segment says. */
static void begin_in_middle(struct mseg_window_side *sender, struct mseg_window_side *receiver,
			    const struct mseg_segment *segment)
{
	const u32 largest = (u32)U16_MAX << TCP_MAX_WSCALE;

	begin_side(sender, segment);
	*receiver = (struct mseg_window_side){
		.end = segment->ack,
		.window = largest,
		.scale = TCP_MAX_WSCALE,
		.known = true,
	};
	sender->scale = TCP_MAX_WSCALE;
	sender->limit = segment->end + receiver->window;
	receiver->limit = receiver->end + offered(sender, receiver, segment);
}

/* The answer to a SYN that is no SYN: a reset, or the SYN-ACK went another way. */
static void begin_late(struct mseg_window_side *sender, struct mseg_window_side *receiver,
		       const struct mseg_segment *segment)
{
	begin_side(sender, segment);
	sender->end = segment->seq;
	sender->limit = segment->end + receiver->window;
	sender->scale = TCP_MAX_WSCALE;
	receiver->scale = TCP_MAX_WSCALE;
}

static bool in_window(const struct mseg_window_side *sender,
		      const struct mseg_window_side *receiver, const struct mseg_segment *segment)
{
	if (after(segment->seq, sender->limit) ||
	    before(segment->end, sender->end - receiver->window))
		return false;
	return !segment->has_ack ||
	       (!after(segment->ack, receiver->end) &&
		!before(segment->ack, receiver->end - max_t(u32, sender->window, LATE_ACK)));
}

static void advance(u32 *to, u32 number)
{
	if (after(number, *to))
		*to = number;
}

static void update(struct mseg_window_side *sender, struct mseg_window_side *receiver,
		   const struct mseg_segment *segment)
{
	u32 window = offered(sender, receiver, segment);

	advance(&sender->end, segment->end);
	sender->window = max(sender->window, window);
	if (segment->fin && !sender->fin) {
		sender->fin = true;
		sender->fin_end = segment->end;
	}
	if (!segment->has_ack)
		return;
	if (sender->acked)
		advance(&sender->ack, segment->ack);
	else
		sender->ack = segment->ack;
	sender->acked = true;
	advance(&receiver->limit, segment->ack + window);
	if (receiver->fin && !before(segment->ack, receiver->fin_end))
		receiver->fin_acked = true;
}

/* Its receiver takes a reset where it awaits the next number: RFC 5961, 3.2. */
static bool resets(const struct mseg_window_side *sender, const struct mseg_window_side *receiver,
		   const struct mseg_segment *segment)
{
	u32 first = receiver->acked ? receiver->ack : sender->end;

	return !before(segment->seq, first) && !after(segment->seq, sender->end);
}

static u8 next_state(const struct mseg_window *window, bool reply)
{
	const struct mseg_window_side *sides = window->sides;

	if (sides[0].fin_acked && sides[1].fin_acked)
		return MSEG_CONN_STATE_CLOSED;
	switch (window->state) {
	case MSEG_CONN_STATE_NEW:
		return reply ? MSEG_CONN_STATE_REPLIED : MSEG_CONN_STATE_NEW;
	case MSEG_CONN_STATE_REPLIED:
		if (reply)
			return MSEG_CONN_STATE_REPLIED;
	}
	return sides[0].fin || sides[1].fin ? MSEG_CONN_STATE_CLOSING : MSEG_CONN_STATE_ESTABLISHED;
}

/* Whether what is known of the ends lets the segment be of one of them. */
static bool belongs(struct mseg_window *window, const struct mseg_segment *segment, bool reply)
{
	struct mseg_window_side *sender = &window->sides[reply];
	struct mseg_window_side *receiver = &window->sides[!reply];

	if (!sender->known && !receiver->known) {
		begin_in_middle(sender, receiver, segment);
		return true;
	}
	if (!sender->known) {
		if (!answers_syn(window, segment, reply))
			return false;
		begin_late(sender, receiver, segment);
	}
	return in_window(sender, receiver, segment);
}

bool mseg_window_follow(struct mseg_window *window, const struct mseg_segment *segment, bool reply)
{
	struct mseg_window_side *sender = &window->sides[reply];
	struct mseg_window_side *receiver = &window->sides[!reply];

	if (window->state == MSEG_CONN_STATE_CLOSED)
		return false;
	if (segment->syn && !segment->has_ack && !segment->rst)
		return follow_syn(window, segment, reply);
	/* Two forged segments would do, so not while it is established. */
	if (segment->syn && window->state != MSEG_CONN_STATE_ESTABLISHED &&
	    answers_syn(window, segment, reply)) {
		begin_both(window, segment);
		return true;
	}
	if (!belongs(window, segment, reply))
		return false;
	if (segment->rst) {
		if (!resets(sender, receiver, segment))
			return false;
		window->state = MSEG_CONN_STATE_CLOSING;
		return true;
	}
	update(sender, receiver, segment);
	window->state = next_state(window, reply);
	return true;
}
