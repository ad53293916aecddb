// SPDX-License-Identifier: GPL-2.0
/* TCP and UDP socket look-ups. */
#include "socket.h"

#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/inet_timewait_sock.h>
#include <net/l3mdev.h>
#include <net/tcp.h>
#include <net/udp.h>

#include <linux/mseg.h>

#include "compat.h"

/* Where a packet came in, as sockets compare it: by a VRF, by an interface of it. */
struct arrival {
	int dif;
	int sdif;
};

static struct arrival arrival(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	u32 vrf = key->scope;

	if (!vrf)
		return (struct arrival){ .dif = ifindex };
	/* The scope of link-local addresses is the interface, which may be in a VRF. */
	if (vrf == ifindex)
		vrf = l3mdev_master_ifindex_by_index(net, ifindex);
	if (!vrf || vrf == ifindex)
		return (struct arrival){ .dif = ifindex };
	return (struct arrival){ .dif = vrf, .sdif = ifindex };
}

struct sock *mseg_socket_get(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	struct arrival by = arrival(net, key, ifindex);

	if (key->family == MSEG_FAMILY_IPV4)
		return __inet_lookup_established(net, table, key->remote.s6_addr32[0], key->rport,
						 key->local.s6_addr32[0], ntohs(key->lport), by.dif,
						 by.sdif);
	return __inet6_lookup_established(net, table, &key->remote, key->rport, &key->local,
					  ntohs(key->lport), by.dif, by.sdif);
}

enum mseg_socket_state mseg_socket_state(struct net *net, const struct mseg_conn_key *key,
					 u32 ifindex)
{
	struct sock *sk = mseg_socket_get(net, key, ifindex);
	enum mseg_socket_state state;

	if (!sk)
		return MSEG_SOCKET_NONE;
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_TIME_WAIT:
		state = MSEG_SOCKET_TIME_WAIT;
		break;
	case TCP_NEW_SYN_RECV:
	case TCP_SYN_RECV:
	case TCP_SYN_SENT:
		state = MSEG_SOCKET_HALF_OPEN;
		break;
	case TCP_ESTABLISHED:
		state = MSEG_SOCKET_ESTABLISHED;
		break;
	default:
		state = MSEG_SOCKET_CLOSING;
	}
	sock_gen_put(sk);
	return state;
}

/* As tcp_sequence() and tcp_ack() of the kernel have it. */
static bool is_in_window(const struct tcp_sock *tcp, u32 seq, u32 end, u32 ack)
{
	u32 next = READ_ONCE(tcp->rcv_nxt);

	return after(end, next) && !after(seq, next + READ_ONCE(tcp->rcv_wnd)) &&
	       !before(ack, READ_ONCE(tcp->snd_una) - READ_ONCE(tcp->max_window)) &&
	       !after(ack, READ_ONCE(tcp->snd_nxt));
}

bool mseg_socket_takes(struct net *net, const struct mseg_conn_key *key, u32 ifindex, u32 seq,
		       u32 end, u32 ack)
{
	struct sock *sk = mseg_socket_get(net, key, ifindex);
	bool takes;

	if (!sk)
		return false;
	takes = sk_fullsock(sk) && is_in_window(tcp_sk(sk), seq, end, ack);
	sock_gen_put(sk);
	return takes;
}

static struct sock *find_listener(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	struct arrival by = arrival(net, key, ifindex);

	if (key->family == MSEG_FAMILY_IPV4)
		return __inet_lookup_listener(net, table, NULL, 0, key->remote.s6_addr32[0],
					      key->rport, key->local.s6_addr32[0],
					      ntohs(key->lport), by.dif, by.sdif);
	return inet6_lookup_listener(net, table, NULL, 0, &key->remote, key->rport, &key->local,
				     ntohs(key->lport), by.dif, by.sdif);
}

static struct sock *find_udp(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	struct udp_table *table = mseg_udp_table(net);
	struct arrival by = arrival(net, key, ifindex);

	if (key->family == MSEG_FAMILY_IPV4)
		return __udp4_lib_lookup(net, key->remote.s6_addr32[0], key->rport,
					 key->local.s6_addr32[0], key->lport, by.dif, by.sdif,
					 table, NULL);
	return __udp6_lib_lookup(net, &key->remote, key->rport, &key->local, key->lport, by.dif,
				 by.sdif, table, NULL);
}

bool mseg_socket_listens(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	return find_listener(net, key, ifindex);
}

struct sock *mseg_socket_server(struct net *net, const struct mseg_conn_key *key, u32 ifindex)
{
	if (key->protocol == IPPROTO_TCP)
		return find_listener(net, key, ifindex);
	if (key->protocol == IPPROTO_UDP)
		return find_udp(net, key, ifindex);
	return NULL;
}
