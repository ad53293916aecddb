// SPDX-License-Identifier: GPL-2.0-or-later
/* Well-known names of services, and what protocolPorts takes. */

const NAMES: Record<string, string> = {
  "tcp/20": "ftp-data", "tcp/21": "ftp", "tcp/22": "ssh", "tcp/23": "telnet", "tcp/25": "smtp",
  "tcp/53": "dns", "udp/53": "dns", "udp/67": "dhcp server", "udp/68": "dhcp client", "udp/69": "tftp",
  "tcp/80": "http", "tcp/88": "kerberos", "udp/88": "kerberos", "tcp/110": "pop3", "tcp/111": "rpcbind",
  "udp/111": "rpcbind", "udp/123": "ntp", "tcp/135": "msrpc", "udp/137": "netbios-ns", "udp/138": "netbios-dgm",
  "tcp/139": "netbios-ssn", "tcp/143": "imap", "udp/161": "snmp", "udp/162": "snmp trap", "tcp/179": "bgp",
  "tcp/389": "ldap", "udp/389": "ldap", "tcp/443": "https", "udp/443": "quic", "tcp/445": "smb",
  "tcp/465": "smtps", "udp/500": "ike", "udp/514": "syslog", "tcp/514": "syslog", "udp/546": "dhcpv6 client",
  "udp/547": "dhcpv6 server", "tcp/587": "submission", "tcp/631": "ipp", "tcp/636": "ldaps", "tcp/853": "dns over tls",
  "tcp/873": "rsync", "tcp/993": "imaps", "tcp/995": "pop3s", "tcp/1433": "mssql", "tcp/1521": "oracle",
  "udp/1900": "ssdp", "tcp/2049": "nfs", "tcp/2375": "docker", "tcp/2379": "etcd", "tcp/3128": "proxy",
  "tcp/3268": "ldap gc", "tcp/3269": "ldaps gc", "tcp/3306": "mysql", "tcp/3389": "rdp", "udp/4500": "ipsec nat",
  "udp/4789": "vxlan", "tcp/5044": "beats", "udp/5353": "mdns", "udp/5355": "llmnr", "tcp/5432": "postgresql",
  "tcp/5672": "amqp", "tcp/5900": "vnc", "tcp/6379": "redis", "tcp/6443": "kubernetes", "tcp/6514": "syslog tls",
  "tcp/8080": "http-alt", "tcp/8443": "https-alt", "tcp/9090": "prometheus", "tcp/9092": "kafka",
  "tcp/9100": "node exporter", "tcp/9200": "elasticsearch", "tcp/8543": "mseg console", "tcp/10250": "kubelet",
  "tcp/11211": "memcached", "tcp/27017": "mongodb", "udp/51820": "wireguard",
  "icmp/0/0": "echo reply", "icmp/8/0": "ping", "icmp/3": "unreachable", "icmp/3/4": "path mtu", "icmp/11/0": "time exceeded",
  "icmp6/128/0": "ping", "icmp6/129/0": "echo reply",
};

export function serviceName(service: string): string {
  return NAMES[service.toLowerCase()] ?? "";
}

/** As tcp/22 (ssh). */
export function serviceLabel(service: string, name = serviceName(service)): string {
  return name ? `${service} ${name}` : service;
}

/** Of a flow record. */
export function serviceOf(flow: {
  protocol: string;
  destinationPort?: number;
  icmpType?: number;
  icmpCode?: number;
}): string {
  const protocol = flow.protocol.toLowerCase();
  if (flow.icmpType !== undefined) return `${protocol}/${flow.icmpType}/${flow.icmpCode ?? 0}`;
  return flow.destinationPort === undefined ? protocol : `${protocol}/${flow.destinationPort}`;
}

const PORTS = /^(tcp|udp|sctp|udplite|dccp)\/(\d{1,5})(?::(\d{1,5}))?$/;
const ICMP = /^icmp6?(\/\d{1,3}(\/\d{1,3}(:\d{1,3})?(,\d{1,3}(:\d{1,3})?)*)?)?$/;

/** What is wrong with an entry of protocolPorts at first sight; the API has the last word. */
export function serviceProblem(text: string): string | null {
  const service = text.toLowerCase();
  if (service === "any" || ICMP.test(service)) return null;
  const ports = PORTS.exec(service);
  if (ports) {
    const low = Number(ports[2]);
    const high = ports[3] === undefined ? null : Number(ports[3]);
    if (low > 65535 || (high ?? 0) > 65535) return "A port is a number from 0 to 65535.";
    if (high !== null && high <= low) return "The first port of a range is the lower one.";
    return null;
  }
  if (/^(tcp|udp|sctp|udplite|dccp)(\/.*)?$/.test(service)) return `Write it as ${service.split("/")[0]}/22 or ${service.split("/")[0]}/8000:8010.`;
  if (/^\d+$/.test(service) && Number(service) > 255) return `Which protocol? As tcp/${service}.`;
  if (/^[a-z0-9.-]+$/.test(service)) return null;
  return "Write it as tcp/22, udp/67, icmp/8/0 or any.";
}

export const SUGGESTED_SERVICES = ["any", "tcp/22", "tcp/80", "tcp/443", "udp/53", "tcp/53", "udp/123", "udp/67", "udp/68", "tcp/389", "icmp/8/0", "icmp/0/0", "icmp/11/0", "icmp/3/4"];
