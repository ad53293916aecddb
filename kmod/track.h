/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a remembered connection: what its packets and its local socket
 * make of its state, and its end, which is reported once.
 */
#ifndef MSEG_TRACK_H
#define MSEG_TRACK_H

#include "net.h"
#include "packet.h"

/**
 * mseg_track_packet() - account a packet, and follow the state
 * @mnet: the namespace
 * @conn: valid
 * @packet: of it
 *
 * Under RCU.
 */
void mseg_track_packet(struct mseg_net *mnet, struct mseg_conn *conn,
		       const struct mseg_packet *packet);

/**
 * mseg_track_socket() - compare a TCP connection with its local socket
 * @mnet: the namespace
 * @conn: valid
 *
 * Under RCU. Closes the connection when the socket that it had is gone, and
 * finds it established when FIN or RST were not the socket's. A connection that
 * never had a socket under its addresses, as after a local DNAT, ends by time
 * alone.
 */
void mseg_track_socket(struct mseg_net *mnet, struct mseg_conn *conn);

/**
 * mseg_track_over() - whether a connection's time is over
 * @mnet: the namespace
 * @conn: valid
 *
 * Under RCU.
 *
 * Return: true when it should be ended.
 */
bool mseg_track_over(struct mseg_net *mnet, struct mseg_conn *conn);

/**
 * mseg_track_find_hashed() - look a connection up whose time is not over
 * @mnet: the namespace
 * @key: every byte defined
 * @hash: of it, by mseg_conn_hash()
 *
 * Under RCU. One whose time is over is ended.
 *
 * Return: the entry, valid until rcu_read_unlock(), or NULL.
 */
struct mseg_conn *mseg_track_find_hashed(struct mseg_net *mnet, const struct mseg_conn_key *key,
					 u32 hash);

/** mseg_track_find() - look a connection up; see mseg_track_find_hashed(). */
static inline struct mseg_conn *mseg_track_find(struct mseg_net *mnet,
						const struct mseg_conn_key *key)
{
	return mseg_track_find_hashed(mnet, key, mseg_conn_hash(key));
}

/**
 * mseg_track_end() - forget a connection, and report its end
 * @mnet: the namespace
 * @conn: in the cache
 *
 * Under RCU.
 */
void mseg_track_end(struct mseg_net *mnet, struct mseg_conn *conn);

#endif /* MSEG_TRACK_H */
