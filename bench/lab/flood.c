// Sends the frames of a file over and over, so many a second.
//
//   flood DEVICE FILE FRAMES_A_SECOND SECONDS [TIMES]
//
// In the file each frame stands behind its length in two bytes, the higher first. A rate of 0 is as
// fast as it goes; TIMES, when given, is how often the file is gone through at most. Prints how many
// frames were sent, and in how many seconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { AT_ONCE = 32 };

static struct iovec *frames;
static uint64_t frame_count;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void read_frames(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail(path);
	for (int high; (high = fgetc(file)) != EOF; frame_count++) {
		size_t length = high << 8 | fgetc(file);
		frames = realloc(frames, (frame_count + 1) * sizeof *frames);
		frames[frame_count] = (struct iovec){malloc(length), length};
		if (fread(frames[frame_count].iov_base, 1, length, file) != length)
			fail(path);
	}
}

static int open_device(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name)};
	// Past the queue of the device, which would only hold packets up.
	if (fd < 0 || bind(fd, (void *)&to, sizeof to) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0)
		fail("socket");
	return fd;
}

// How many of them went out.
static uint64_t send_some(int fd, uint64_t from, uint64_t count)
{
	struct mmsghdr messages[AT_ONCE] = {0};
	if (count > AT_ONCE)
		count = AT_ONCE;
	for (uint64_t i = 0; i < count; i++) {
		messages[i].msg_hdr.msg_iov = &frames[(from + i) % frame_count];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	int sent = sendmmsg(fd, messages, count, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		fail("sendmmsg");
	return sent < 0 ? 0 : sent;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	read_frames(argv[2]);
	int fd = open_device(argv[1]);
	double rate = atof(argv[3]), begun = now(), end = begun + atof(argv[4]), t;
	uint64_t sent = 0, most = argc > 5 ? frame_count * atol(argv[5]) : UINT64_MAX;
	while ((t = now()) < end && sent < most) {
		uint64_t due = rate == 0 ? sent + AT_ONCE : (uint64_t)((t - begun) * rate) + 1;
		if (due > most)
			due = most;
		if (due > sent)
			sent += send_some(fd, sent, due - sent);
		else
			nanosleep(&(struct timespec){0, 100000}, NULL);
	}
	printf("%llu %.6f\n", (unsigned long long)sent, now() - begun);
}
