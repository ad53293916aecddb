/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP without a local socket: which segments of a forwarded connection its ends
 * may take, and what those make of its state. Anybody can forge a segment, so
 * that one out of the window changes nothing.
 */
#ifndef MSEG_WINDOW_H
#define MSEG_WINDOW_H

#include <linux/types.h>

struct sk_buff;

/**
 * struct mseg_segment - what a TCP segment says, in host order
 * @seq: its first sequence number
 * @end: behind its last one; SYN and FIN count
 * @ack: the next one that its sender awaits, with @has_ack
 * @window: as in the header, not scaled
 * @scale: of window scaling in a SYN, or MSEG_SCALE_NONE
 * @syn: flag
 * @fin: flag
 * @rst: flag
 * @has_ack: flag
 */
struct mseg_segment {
	u32 seq;
	u32 end;
	u32 ack;
	u16 window;
	u8 scale;
	bool syn;
	bool fin;
	bool rst;
	bool has_ack;
};

#define MSEG_SCALE_NONE 0xff

/**
 * struct mseg_window_side - one end of a connection, by what it sent
 * @end: behind the highest sequence number that it sent
 * @limit: behind the highest that the other end allowed it to send
 * @ack: the highest acknowledgment that it sent, with @acked
 * @fin_end: behind its FIN
 * @window: the largest that it offered, scaled
 * @scale: of its windows, or MSEG_SCALE_NONE
 * @known: @end and @limit are
 * @acked: it has acknowledged something
 * @fin: it sent FIN
 * @fin_acked: and the other end has it
 */
struct mseg_window_side {
	u32 end;
	u32 limit;
	u32 ack;
	u32 fin_end;
	u32 window;
	u8 scale;
	bool known;
	bool acked;
	bool fin;
	bool fin_acked;
};

/**
 * struct mseg_window - a connection
 * @sides: who began it, and who answers
 * @syn: the last SYN of who began it, to which the answer points
 * @state: enum mseg_conn_state, but for rejected
 */
struct mseg_window {
	struct mseg_window_side sides[2];
	struct mseg_segment syn;
	u8 state;
};

/**
 * mseg_segment_read() - read a TCP header
 * @skb: the packet
 * @offset: of the header from skb->data
 * @segment: filled
 *
 * Any context; nothing is pulled.
 *
 * Return: false when the packet ends within the header.
 */
bool mseg_segment_read(const struct sk_buff *skb, int offset, struct mseg_segment *segment);

/**
 * mseg_window_begin() - a connection of which nothing was seen yet
 * @window: filled
 * @existing: it is known to be established
 */
void mseg_window_begin(struct mseg_window *window, bool existing);

/**
 * mseg_window_follow() - follow a connection by one of its segments
 * @window: of the connection, locked by the caller
 * @segment: the segment
 * @reply: of the end that answers
 *
 * Any context. RFC 9293, RFC 5961; the bounds are those of Guido van Rooij, "Real
 * Stateful TCP Packet Filtering in IP Filter" (2000).
 *
 * Return: false for one out of the window, which has changed nothing.
 */
bool mseg_window_follow(struct mseg_window *window, const struct mseg_segment *segment, bool reply);

#endif /* MSEG_WINDOW_H */
