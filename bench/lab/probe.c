// How long after the last packet of a knock is a port open?
//
//   probe DEVICE PROBE_US TIMEOUT_MS
//
// For each line of stdin, `GAP_US FRAME... SYN` with the frames in hexadecimal: sends the frames
// GAP_US apart, and then the SYN every PROBE_US, each with a sequence number of its own, until one is
// answered. Prints how many microseconds after the last frame the SYN was sent that was answered, or
// -1. Before it begins it prints a line as well.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST_FRAMES = 8, MOST_BYTES = 1600, MOST_PROBES = 60000 };
// From the Ethernet header on, over IPv4 without options.
enum { SOURCE = 26, TARGET = 30, PROTOCOL = 23, SEQUENCE = 40, ACKNOWLEDGED = 44, FLAGS = 47, SUM = 50 };
enum { SYN_ACK = 0x12 };

struct frame {
	size_t length;
	uint8_t bytes[MOST_BYTES];
};

static int packets;
static int64_t sent_at[MOST_PROBES];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static unsigned get16(const uint8_t *at) { return at[0] << 8 | at[1]; }

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put(const struct frame *frame)
{
	if (send(packets, frame->bytes, frame->length, 0) < 0)
		fail("send");
}

// The lower half of the sequence number, and what changes in the checksum (RFC 1624).
static void number(struct frame *syn, unsigned n)
{
	uint32_t sum = (~get16(syn->bytes + SUM) & 0xffff) + (~get16(syn->bytes + SEQUENCE) & 0xffff) + n;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(syn->bytes + SUM, ~sum);
	put16(syn->bytes + SEQUENCE, n);
}

// Waits for an answer until a time; the number of the SYN that was answered, or -1.
static int answered(const struct frame *syn, int64_t until)
{
	uint8_t got[MOST_BYTES];
	for (;;) {
		ssize_t length = recv(packets, got, sizeof got, MSG_DONTWAIT);
		if (length > FLAGS && got[PROTOCOL] == IPPROTO_TCP && (got[FLAGS] & SYN_ACK) == SYN_ACK &&
		    memcmp(got + TARGET, syn->bytes + SOURCE, 4) == 0)
			return (uint16_t)(get16(got + ACKNOWLEDGED) - 1);
		int64_t left = until - now();
		if (left <= 0)
			return -1;
		struct timespec wait = {0, left};
		struct pollfd readable = {packets, POLLIN, 0};
		if (length < 0)
			ppoll(&readable, 1, &wait, NULL);
	}
}

static double attempt(struct frame *frames, int count, int64_t gap, int64_t every, int64_t timeout)
{
	struct frame *syn = &frames[count - 1];
	int64_t last = now();
	for (int i = 0; i + 1 < count; i++) {
		if (i > 0)
			answered(syn, last + gap);
		last = now();
		put(&frames[i]);
	}
	for (int n = 0; n < MOST_PROBES && now() < last + timeout; n++) {
		number(syn, n);
		sent_at[n] = now();
		put(syn);
		int which = answered(syn, sent_at[n] + every);
		if (which >= 0 && which <= n)
			return (sent_at[which] - last) / 1000.0;
	}
	return -1;
}

static int read_frames(char *line, struct frame *frames)
{
	int count = 0;
	for (char *word; count < MOST_FRAMES && (word = strsep(&line, " \n")) && *word; count++) {
		struct frame *frame = &frames[count];
		frame->length = strlen(word) / 2;
		for (size_t i = 0; i < frame->length && i < MOST_BYTES; i++)
			sscanf(word + 2 * i, "%2hhx", &frame->bytes[i]);
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct frame frames[MOST_FRAMES];
	char *line = NULL;
	size_t room = 0;
	if (argc != 4 || prctl(PR_SET_TIMERSLACK, 1) != 0)
		return 2;
	packets = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	to.sll_ifindex = if_nametoindex(argv[1]);
	int one = 1;
	if (packets < 0 || bind(packets, (void *)&to, sizeof to) != 0 ||
	    setsockopt(packets, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0)
		fail("socket");
	for (puts("ready"); fflush(stdout), getline(&line, &room, stdin) > 0;) {
		char *rest;
		int64_t gap = strtol(line, &rest, 10) * 1000ll;
		int count = read_frames(rest + 1, frames);
		printf("%.1f\n", attempt(frames, count, gap, atol(argv[2]) * 1000ll, atol(argv[3]) * 1000000ll));
	}
}
