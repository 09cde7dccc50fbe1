// Hands frames to a device as if they had come in by it, and says how long the kernel takes for each:
// through everything that listens there, the rules, the routing and up to the socket.
//
//   inject DEVICE
//
// One command a line; each is answered by a line, `ok` or a figure:
//
//   udp ADDRESS PORT              somebody takes datagrams there
//   listen ADDRESS PORT           somebody waits for connections there
//   established ADDRESS PORT PEER PEER_PORT SENT RECEIVED
//                                 there is a connection; SENT and RECEIVED are the numbers of the next bytes
//   frames COUNT SOURCES FRAME [AT NOT_AT...]
//                                 nanoseconds a frame. FRAME is in hexadecimal; with SOURCES more than 0 the
//                                 number of the source, 1 to SOURCES and then from 1 again, is put into the
//                                 two bytes at AT, and its complement into those at each NOT_AT: no checksum
//                                 over one of both kinds changes.
//
// What reaches a socket ends there, before TCP looks at it. Needs Linux 5.18: the frames are made by
// the test run of an XDP program that lets them pass, see Documentation/bpf/bpf_prog_run.rst there.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 64, MOST_WORDS = 64, LONGEST_FRAME = 2048, REPAIR_ON = 1, REPAIR_OFF = 0 };
enum { RECEIVE_QUEUE = 1, SEND_QUEUE = 2 };

struct where {
	struct sockaddr_storage address;
	socklen_t length;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct where where(const char *address, const char *port)
{
	struct where at = {0};
	struct sockaddr_in *v4 = (void *)&at.address;
	struct sockaddr_in6 *v6 = (void *)&at.address;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(atoi(port));
		at.length = sizeof *v4;
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(atoi(port));
		at.length = sizeof *v6;
	} else {
		fail(address);
	}
	return at;
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof value) != 0)
		fail("setsockopt");
}

static int bound(int type, const struct where *at)
{
	int fd = socket(at->address.ss_family, type, 0);
	if (fd < 0)
		fail("socket");
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (type == SOCK_STREAM)
		set(fd, IPPROTO_TCP, TCP_REPAIR, REPAIR_ON);
	if (bind(fd, (const void *)&at->address, at->length) != 0)
		fail("bind");
	return fd;
}

static void take_nothing(int fd)
{
	struct sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};
	struct sock_fprog filter = {1, &nothing};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
		fail("filter");
}

static void open_udp(char **word)
{
	struct where at = where(word[1], word[2]);
	take_nothing(bound(SOCK_DGRAM, &at));
}

static void open_listener(char **word)
{
	struct where at = where(word[1], word[2]);
	int fd = bound(SOCK_STREAM, &at);
	set(fd, IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF);
	if (listen(fd, 16) != 0)
		fail("listen");
	take_nothing(fd);
}

static void set_sequence(int fd, int queue, const char *number)
{
	set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	set(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)strtoul(number, NULL, 10));
}

// As a checkpoint is restored, see tcp(7) and TCP_REPAIR: no packet makes it. When it is put to work it
// sends one, by which connection tracking knows it.
static void open_established(char **word)
{
	struct where at = where(word[1], word[2]), peer = where(word[3], word[4]);
	int fd = bound(SOCK_STREAM, &at);
	set_sequence(fd, SEND_QUEUE, word[5]);
	set_sequence(fd, RECEIVE_QUEUE, word[6]);
	if (connect(fd, (const void *)&peer.address, peer.length) != 0)
		fail("connect");
	set(fd, IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF);
	take_nothing(fd);
}

static int bpf(int command, union bpf_attr *attributes)
{
	int result = syscall(__NR_bpf, command, attributes, sizeof *attributes);
	if (result < 0)
		fail("bpf");
	return result;
}

#define INSTRUCTION(c, d, s, o, i) \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

// Registers: 1 the packet's description, 2 its data, 3 their end, 4 the number, 5 its place.
static int make_program(uint32_t sources, int at, char **not_at, int not_ats)
{
	struct bpf_insn p[MOST_WORDS * 3];
	int n = 0, map = -1;
	if (sources > 0) {
		union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				    .max_entries = 1};
		map = bpf(BPF_MAP_CREATE, &a);
		int end = at + 2;
		for (int i = 0; i < not_ats; i++)
			if (atoi(not_at[i]) + 2 > end)
				end = atoi(not_at[i]) + 2;
		p[n++] = INSTRUCTION(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
		p[n++] = INSTRUCTION(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0);
		p[n++] = INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0);
		p[n++] = INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, end);
		int jump = n++;
		p[n++] = INSTRUCTION(BPF_LD | BPF_DW | BPF_IMM, 5, BPF_PSEUDO_MAP_VALUE, 0, map);
		p[n++] = INSTRUCTION(0, 0, 0, 0, 0);
		p[n++] = INSTRUCTION(BPF_LDX | BPF_MEM | BPF_W, 4, 5, 0, 0);
		p[n++] = INSTRUCTION(BPF_ALU | BPF_ADD | BPF_K, 4, 0, 0, 1);
		p[n++] = INSTRUCTION(BPF_JMP | BPF_JLE | BPF_K, 4, 0, 1, sources);
		p[n++] = INSTRUCTION(BPF_ALU | BPF_MOV | BPF_K, 4, 0, 0, 1);
		p[n++] = INSTRUCTION(BPF_STX | BPF_MEM | BPF_W, 5, 4, 0, 0);
		p[n++] = INSTRUCTION(BPF_ALU | BPF_END | BPF_TO_BE, 4, 0, 0, 16);
		p[n++] = INSTRUCTION(BPF_STX | BPF_MEM | BPF_H, 2, 4, at, 0);
		p[n++] = INSTRUCTION(BPF_ALU | BPF_XOR | BPF_K, 4, 0, 0, 0xffff);
		for (int i = 0; i < not_ats; i++)
			p[n++] = INSTRUCTION(BPF_STX | BPF_MEM | BPF_H, 2, 4, atoi(not_at[i]), 0);
		p[jump] = INSTRUCTION(BPF_JMP | BPF_JGT | BPF_X, 4, 3, n - jump - 1, 0);
	}
	p[n++] = INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS);
	p[n++] = INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)p, .insn_cnt = n,
			    .license = (uintptr_t)"GPL"};
	int program = bpf(BPF_PROG_LOAD, &a);
	if (map >= 0)
		close(map);
	return program;
}

static uint32_t inject(int device, char **word, int words)
{
	uint8_t frame[LONGEST_FRAME];
	uint32_t length = strlen(word[3]) / 2;
	for (uint32_t i = 0; i < length; i++)
		sscanf(word[3] + 2 * i, "%2hhx", &frame[i]);
	int program = make_program(atoi(word[2]), words > 4 ? atoi(word[4]) : 0, word + 5, words - 5);
	struct xdp_md context = {.data_end = length, .ingress_ifindex = device};
	union bpf_attr a = {.test = {.prog_fd = program, .data_in = (uintptr_t)frame, .data_size_in = length,
				     .ctx_in = (uintptr_t)&context, .ctx_size_in = sizeof context,
				     .repeat = atoi(word[1]), .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
				     .batch_size = BATCH}};
	bpf(BPF_PROG_TEST_RUN, &a);
	close(program);
	return a.test.duration;
}

int main(int argc, char **argv)
{
	static char line[2 * LONGEST_FRAME + 1024];
	if (argc != 2)
		return 2;
	int device = if_nametoindex(argv[1]);
	if (device == 0)
		fail(argv[1]);
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *word[MOST_WORDS + 1] = {0};
		int words = 0;
		for (char *next = strtok(line, " \n"); next && words < MOST_WORDS; next = strtok(NULL, " \n"))
			word[words++] = next;
		if (words == 3 && strcmp(word[0], "udp") == 0)
			open_udp(word);
		else if (words == 3 && strcmp(word[0], "listen") == 0)
			open_listener(word);
		else if (words == 7 && strcmp(word[0], "established") == 0)
			open_established(word);
		else if (words >= 4 && strcmp(word[0], "frames") == 0) {
			printf("%u\n", inject(device, word, words));
			fflush(stdout);
			continue;
		} else {
			fprintf(stderr, "inject: no such command\n");
			return 2;
		}
		printf("ok\n");
		fflush(stdout);
	}
	return 0;
}
