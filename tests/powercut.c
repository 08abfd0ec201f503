/* SPDX-License-Identifier: ISC */
/*
 * A disk whose power can be cut: it keeps in memory what was written to it and
 * not flushed, and forgets it when told to.
 *
 *	powercut IMAGE DIR [FLUSH_MS]
 *
 * serves the file DIR/disk by FUSE, in a mount namespace of its own, puts a
 * loop device over it, prints the device's name, and obeys its standard input:
 *
 *	drop		the power is cut: what was not flushed is gone
 *	half SEED	the same, but a random half of it was written, as a disk
 *			does that writes in an order of its own
 *
 * Each is answered in a line with what was lost, what was written and how many
 * flushes there were; everything else that is written or flushed from then on
 * fails with EIO, as on a disk that is gone.  IMAGE has what the disk would
 * hold.  At the end of standard input the device goes, and the process.
 *
 * It speaks the kernel's FUSE protocol itself (linux/fuse.h), which for one
 * file is little, and so needs no library.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/loop.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	BLOCK = 4096,
	WRITE_MAX = 128 * 1024,
	REQUEST_MAX = WRITE_MAX + 4096,
	DISK = 2, /* the number of the file; 1 is the directory */
};

static struct {
	pthread_mutex_t lock;
	int image, fuse;
	uint64_t size;
	size_t nblocks;
	char **unflushed; /* by block; NULL: as in the image */
	bool dead;
	unsigned flushes;
	long flush_ms;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
die(const char *what)
{
	fprintf(stderr, "powercut: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the disk ---- */

/* How much of N bytes at OFF is in one block, and where in it. */
static size_t
in_block(uint64_t off, size_t n, size_t *at)
{
	*at = (size_t)(off % BLOCK);
	return n < BLOCK - *at ? n : BLOCK - *at;
}

static bool
is_within(uint64_t off, size_t n)
{
	return off <= disk.size && n <= disk.size - off;
}

static int
disk_read(char *to, size_t n, uint64_t off)
{
	size_t at, part;

	if (!is_within(off, n) ||
	    pread(disk.image, to, n, (off_t)off) != (ssize_t)n)
		return -EIO;
	for (; n > 0; n -= part, to += part, off += part) {
		const char *b = disk.unflushed[off / BLOCK];

		part = in_block(off, n, &at);
		if (b != NULL)
			memcpy(to, b + at, part);
	}
	return 0;
}

static char *
block_to_write(size_t i)
{
	char *b = disk.unflushed[i];

	if (b != NULL)
		return b;
	b = malloc(BLOCK);
	if (b == NULL || pread(disk.image, b, BLOCK, (off_t)i * BLOCK) != BLOCK)
		die("a block");
	return disk.unflushed[i] = b;
}

static int
disk_write(const char *from, size_t n, uint64_t off)
{
	size_t at, part;

	if (disk.dead || !is_within(off, n))
		return -EIO;
	for (; n > 0; n -= part, from += part, off += part) {
		part = in_block(off, n, &at);
		memcpy(block_to_write(off / BLOCK) + at, from, part);
	}
	return 0;
}

/* Forget the blocks, of which PERCENT (by chance) reach the image. */
static void
settle(unsigned percent, unsigned *seed, size_t *written, size_t *lost)
{
	for (size_t i = 0; i < disk.nblocks; i++) {
		char *b = disk.unflushed[i];

		if (b == NULL)
			continue;
		if ((unsigned)rand_r(seed) % 100 < percent) {
			if (pwrite(disk.image, b, BLOCK, (off_t)i * BLOCK) !=
			    BLOCK)
				die("the image");
			++*written;
		} else
			++*lost;
		free(b);
		disk.unflushed[i] = NULL;
	}
}

static int
disk_flush(void)
{
	const struct timespec t = { .tv_nsec = disk.flush_ms * 1000000 };
	size_t written = 0, lost = 0;
	unsigned seed = 0;

	if (disk.dead)
		return -EIO;
	settle(100, &seed, &written, &lost);
	disk.flushes++;
	nanosleep(&t, NULL);
	return 0;
}

static void
cut(unsigned percent, unsigned seed)
{
	size_t written = 0, lost = 0;

	pthread_mutex_lock(&disk.lock);
	disk.dead = true;
	settle(percent, &seed, &written, &lost);
	printf(
	    "lost %zu written %zu flushes %u\n", lost, written, disk.flushes);
	fflush(stdout);
	pthread_mutex_unlock(&disk.lock);
}

/* ---- FUSE ---- */

/* A request as the kernel writes it; what comes behind the head depends on the
 * operation. */
union request {
	char bytes[REQUEST_MAX];
	struct {
		struct fuse_in_header head;
		union {
			struct fuse_init_in init;
			struct fuse_read_in read;
			struct fuse_write_in write;
			char name[256];
		};
	};
};

/* N bytes of ANSWER, or an error below 0. */
static void
reply(const union request *r, int error, const void *answer, size_t n)
{
	struct fuse_out_header head = { .unique = r->head.unique,
		.error = error };
	struct iovec v[2] = {
		{ &head, sizeof head },
		{ (void *)(uintptr_t)answer, error == 0 ? n : 0 },
	};

	head.len = (uint32_t)(v[0].iov_len + v[1].iov_len);
	/* ENOENT: whoever asked was interrupted. */
	if (writev(disk.fuse, v, 2) == -1 && errno != ENOENT)
		die("answer the kernel");
}

static struct fuse_attr
attr_of(uint64_t node)
{
	struct fuse_attr a = { .ino = node, .nlink = 1, .blksize = BLOCK };

	a.mode = node == DISK ? S_IFREG | 0600 : S_IFDIR | 0700;
	a.size = node == DISK ? disk.size : 0;
	return a;
}

static void
on_init(const union request *r)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = r->init.max_readahead,
		.flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES,
		.max_write = WRITE_MAX,
		.max_pages = WRITE_MAX / BLOCK,
	};

	reply(r, 0, &out, sizeof out);
}

static void
on_lookup(const union request *r)
{
	const struct fuse_entry_out out = { .nodeid = DISK,
		.attr = attr_of(DISK) };

	reply(r, strcmp(r->name, "disk") == 0 ? 0 : -ENOENT, &out, sizeof out);
}

static void
on_getattr(const union request *r)
{
	const struct fuse_attr_out out = { .attr = attr_of(r->head.nodeid) };

	reply(r, 0, &out, sizeof out);
}

static void
on_statfs(const union request *r)
{
	const struct fuse_statfs_out out = { .st = { .blocks = disk.nblocks,
						 .bsize = BLOCK,
						 .frsize = BLOCK } };

	reply(r, 0, &out, sizeof out);
}

/* Nothing of it stays in the page cache: a write has come when it returns. */
static void
on_open(const union request *r)
{
	const struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

	reply(r, 0, &out, sizeof out);
}

static void
on_read(const union request *r)
{
	static char data[WRITE_MAX];
	const size_t n = r->read.size;

	if (n > sizeof data)
		reply(r, -EIO, NULL, 0);
	else
		reply(r, disk_read(data, n, r->read.offset), data, n);
}

static void
on_write(const union request *r)
{
	const struct fuse_write_out out = { .size = r->write.size };
	const char *data = (const char *)(&r->write + 1);

	reply(r, disk_write(data, r->write.size, r->write.offset), &out,
	    sizeof out);
}

static void
serve(const union request *r)
{
	switch (r->head.opcode) {
	case FUSE_INIT:
		on_init(r);
		return;
	case FUSE_LOOKUP:
		on_lookup(r);
		return;
	case FUSE_GETATTR:
		on_getattr(r);
		return;
	case FUSE_STATFS:
		on_statfs(r);
		return;
	case FUSE_OPEN:
		on_open(r);
		return;
	case FUSE_READ:
		on_read(r);
		return;
	case FUSE_WRITE:
		on_write(r);
		return;
	case FUSE_FSYNC:
		reply(r, disk_flush(), NULL, 0);
		return;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		reply(r, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		reply(r, -ENOSYS, NULL, 0);
	}
}

static void *
server(void *arg)
{
	static union request r;
	ssize_t n;

	(void)arg;
	for (;;) {
		n = read(disk.fuse, &r, sizeof r);
		if (n == -1 && errno == ENODEV)
			return NULL; /* unmounted */
		if (n == -1 && errno != EINTR && errno != ENOENT)
			die("read from the kernel");
		if (n < (ssize_t)sizeof r.head)
			continue;
		pthread_mutex_lock(&disk.lock);
		serve(&r);
		pthread_mutex_unlock(&disk.lock);
	}
}

/* ---- the start ---- */

static void
open_image(const char *path)
{
	struct stat st;

	disk.image = open(path, O_RDWR | O_CLOEXEC);
	if (disk.image == -1 || fstat(disk.image, &st) == -1)
		die(path);
	disk.nblocks = (size_t)(st.st_size / BLOCK);
	disk.size = (uint64_t)disk.nblocks * BLOCK;
	disk.unflushed = calloc(disk.nblocks, sizeof *disk.unflushed);
	if (disk.unflushed == NULL)
		die("memory");
}

/* Nobody else sees it, and it goes with this process. */
static void
mount_fuse(const char *dir)
{
	char options[100];

	disk.fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (disk.fuse == -1)
		die("/dev/fuse");
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		die("a mount namespace");
	snprintf(options, sizeof options,
	    "fd=%d,rootmode=40700,user_id=0,group_id=0", disk.fuse);
	if (mount("powercut", dir, "fuse", MS_NOSUID | MS_NODEV, options) == -1)
		die(dir);
}

/* Another may take the free one first. */
static int
open_loop(const struct loop_config *config, char *name, size_t size)
{
	const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	for (int i = 0; control != -1 && i < 100; i++) {
		const int n = ioctl(control, LOOP_CTL_GET_FREE);
		int fd;

		if (n == -1)
			die("LOOP_CTL_GET_FREE");
		snprintf(name, size, "/dev/loop%d", n);
		fd = open(name, O_RDWR | O_CLOEXEC);
		if (fd != -1 && ioctl(fd, LOOP_CONFIGURE, config) == 0) {
			close(control);
			return fd;
		}
		if (fd == -1 || errno != EBUSY)
			die(name);
		close(fd);
	}
	die("/dev/loop-control");
	return -1;
}

/* The device goes with its last user. */
static int
make_device(const char *dir)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	char path[4096], name[32];
	int file, loop;

	snprintf(path, sizeof path, "%s/disk", dir);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file == -1)
		die(path);
	config.fd = (uint32_t)file;
	loop = open_loop(&config, name, sizeof name);
	close(file);
	printf("%s\n", name);
	fflush(stdout);
	return loop;
}

int
main(int argc, char **argv)
{
	char line[100];
	pthread_t thread;
	int loop;

	if (argc < 3) {
		fprintf(stderr, "usage: powercut image dir [flush_ms]\n");
		return 2;
	}
	disk.flush_ms = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	open_image(argv[1]);
	mount_fuse(argv[2]);
	if (pthread_create(&thread, NULL, server, NULL) != 0)
		die("a thread");
	loop = make_device(argv[2]);
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strcmp(line, "drop\n") == 0)
			cut(0, 0);
		else if (strncmp(line, "half ", 5) == 0)
			cut(50, (unsigned)strtoul(line + 5, NULL, 10));
	}
	close(loop); /* while it can be answered */
	return 0;
}
