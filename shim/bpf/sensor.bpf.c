// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sensor.bpf.c - every system call of every monitored container: learned, judged, stopped.
 *
 * One attached set of programs serves all containers of a host.  A task is a member by its task
 * storage: it gets it when it executes the container's entry, is born of a member, or is
 * moved into the container's cgroup by the runtime (an exec session).  Tasks without any storage
 * leave after one load.
 *
 * Kernel structures are declared here with the fields we read and relocated at load time (CO-RE).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "event.h"

char LICENSE[] SEC("license") = "GPL";

#define KERNEL __attribute__((preserve_access_index))
#define SIGHUP  1
#define SIGKILL 9
#define SIGSTOP 19
#define TS_COMPAT 2u            /* x86: entered by int 0x80 or a 32-bit sysenter */
#define X32_BIT 0x40000000u
#define CLONE_THREAD 0x10000
#define CLONE_INTO_CGROUP 0x200000000ULL
#define TIF_32BIT 22            /* arm64 */
#define ABI_NATIVE 0
#define ABI_COMPAT 1
#define ABI_X32 2

struct kernfs_node { u64 id; struct kernfs_node *parent; } KERNEL;
struct kernfs_node___6_15 { struct kernfs_node *__parent; } KERNEL;
struct cgroup_root { int hierarchy_id; } KERNEL;
struct cgroup { struct kernfs_node *kn; struct cgroup_root *root; } KERNEL;
struct css_set { struct cgroup *dfl_cgrp; } KERNEL;
struct ns_common { unsigned int inum; } KERNEL;
struct mnt_namespace { struct ns_common ns; } KERNEL;
struct nsproxy { struct mnt_namespace *mnt_ns; } KERNEL;
struct thread_info { unsigned long flags; u32 status; } KERNEL;
struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct bpf_local_storage *bpf_storage;
} KERNEL;
struct super_block { unsigned int s_dev; } KERNEL;
struct timespec64 { long long tv_sec; long tv_nsec; } KERNEL;
struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_generation;
	long long i_size;
} KERNEL;
struct inode___5 { struct timespec64 i_ctime; } KERNEL;
struct inode___6_6 { struct timespec64 __i_ctime; } KERNEL;
struct inode___6_11 { long long i_ctime_sec; u32 i_ctime_nsec; } KERNEL;
struct qstr { const unsigned char *name; } KERNEL;
struct dentry { struct dentry *d_parent; struct qstr d_name; } KERNEL;
struct vfsmount { struct dentry *mnt_root; } KERNEL;
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; } KERNEL;
struct path { struct vfsmount *mnt; struct dentry *dentry; } KERNEL;
struct file { struct path f_path; struct inode *f_inode; } KERNEL;
struct mm_struct { struct file *exe_file; } KERNEL;
struct linux_binprm { struct file *file; const char *filename; const char *interp; } KERNEL;
struct sigaction { void *sa_handler; } KERNEL;
struct k_sigaction { struct sigaction sa; } KERNEL;
#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long r10, dx, si, di, ip, sp; } KERNEL;
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs { u64 regs[31], sp, pc; } KERNEL;
struct pt_regs { u64 regs[31], sp, pc; } KERNEL;
#endif
struct bpf_iter_meta { struct seq_file *seq; } KERNEL;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } KERNEL;
struct bpf_iter__task_file { struct bpf_iter_meta *meta; struct task_struct *task; u32 fd; struct file *file; } KERNEL;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__type(value, struct container);
} containers SEC(".maps");

/* Whose each slot is: no program reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

/* Calls seen per container; per CPU, as 64 threads on one line would be felt. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__type(value, u64);
} calls SEC(".maps");

/* Named, with a bare value size: clang leaves types that only a nested map mentions undefined. */
#define SET(name, bits)                                        \
	struct name##_buckets {                                \
		__uint(type, BPF_MAP_TYPE_ARRAY);              \
		__uint(map_flags, BPF_F_MMAPABLE);             \
		__uint(max_entries, 1 << (bits));              \
		__uint(key_size, 4);                           \
		__uint(value_size, sizeof(struct bucket));     \
	};                                                     \
	struct {                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);      \
		__uint(max_entries, CONTAINERS);               \
		__type(key, u32);                              \
		__array(values, struct name##_buckets);        \
	} name SEC(".maps")
SET(small, BUCKET_BITS_SMALL);
SET(middle, BUCKET_BITS_MIDDLE);
SET(large, BUCKET_BITS_LARGE);

/* Owners of the n-grams of a learning container's model, which is always a large one. */
struct owner_buckets {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << BUCKET_BITS_LARGE);
	__uint(key_size, 4);
	__uint(value_size, sizeof(struct owners));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__array(values, struct owner_buckets);
} owners SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__array(values, struct ring);
} rings SEC(".maps");

struct cgroup_key { u64 id; u32 hierarchy, pad; };
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONTAINERS);
	__type(key, struct cgroup_key);
	__type(value, u32);
} cgroups SEC(".maps");

/* A runtime's init on its way to the entry: tgid -> slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONTAINERS);
	__type(key, u32);
	__type(value, u32);
} starting SEC(".maps");

/* Processes that ran before their container was watched: tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct adoption);
} adopting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072); /* no 127 containers can take them all from the next one */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct program_key);
	__type(value, u32);
} programs SEC(".maps");

/* Deviations already told: a flood of equal ones must not fill the ring. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct told_key);
	__type(value, u64);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct execution);
} scratch SEC(".maps");

const volatile u32 call_sigreturn = 15;
const volatile struct floor_rule floor_rules[FLOOR_RULES] = {};

/* Mask an index where the compiler cannot see it and move the check to another register, which the
 * verifier would not follow. */
static __always_inline u64 bounded(u64 index, u64 mask)
{
	asm volatile("%0 &= %1" : "+r"(index) : "i"(mask));
	return index;
}

static __always_inline struct container *container_of_task(struct task *t)
{
	u32 slot = t->slot;
	struct container *c = bpf_map_lookup_elem(&containers, &slot);

	return c && c->generation == t->generation ? c : 0;
}

static __always_inline struct task *current_member(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!task->bpf_storage)
		return 0;
	return bpf_task_storage_get(&tasks, task, 0, 0);
}

/* ---- the set ---- */

/* Functions that are not static are verified once, for any arguments, instead of once for each path
 * that leads to them: loading takes a tenth of the time. */

#define ACTING_RUN 0x80000000u

static __always_inline struct bucket *bucket_at(u32 set, u32 model, u64 key, int second)
{
	u32 at;
	void *map;

	if (set == SET_SMALL) {
		at = bucket_of(key, BUCKET_BITS_SMALL, second);
		map = bpf_map_lookup_elem(&small, &model);
		return map ? bpf_map_lookup_elem(map, &at) : 0;
	}
	if (set == SET_MIDDLE) {
		at = bucket_of(key, BUCKET_BITS_MIDDLE, second);
		map = bpf_map_lookup_elem(&middle, &model);
		return map ? bpf_map_lookup_elem(map, &at) : 0;
	}
	at = bucket_of(key, BUCKET_BITS_LARGE, second);
	map = bpf_map_lookup_elem(&large, &model);
	return map ? bpf_map_lookup_elem(map, &at) : 0;
}

__noinline int known(u32 set, u32 model, u64 key)
{
	for (int second = 0; second < 2; second++) {
		struct bucket *b = bucket_at(set, model, key, second);

		if (!b)
			return 0;
#pragma unroll
		for (int i = 0; i < BUCKET_KEYS; i++)
			if (b->key[i] == key)
				return 1;
	}
	return 0;
}

/* Tokens of the longest known run that ends `window`, at most `max`; over acting calls alone with ACTING_RUN in `max`. */
__noinline int depth_of(u32 set, u32 model, u32 program, u64 window, u32 max)
{
	u64 mark = max & ACTING_RUN ? GRAM_ACTING : 0;

	for (u32 n = GRAM_ORDER_MAX; n >= 1; n--)
		if (n <= (max & ~ACTING_RUN) && known(set, model, gram_key(program, gram_last(window, n) | mark)))
			return n;
	return 0;
}

static __always_inline int settle(u32 *owner, u32 second)
{
	u32 was = *owner;

	if (was == second || was & OWNER_MANY)
		return 1;
	/* 0: inserted by another CPU this very moment */
	*owner = was ? was | OWNER_MANY : second;
	return 0;
}

/* Take slot `i` of a bucket if it is free.  0: it is not; 1: another CPU put the same key there,
 * nothing was news; 2: noted. */
static __always_inline int take(struct bucket *b, struct owners *o, int i, u64 key, u32 second)
{
	u64 was;

	if (b->key[i])
		return 0;
	was = __sync_val_compare_and_swap(&b->key[i], 0, key);
	if (was && was != key)
		return 0;
	return settle(&o->second[i], second) ? 1 : 2;
}

static __always_inline int count_news(u32 model)
{
	struct container *c = bpf_map_lookup_elem(&containers, &model);

	if (c)
		__sync_fetch_and_add(&c->news, 1);
	return 0;
}

/* Insert `key` or note that this second has it too.  1: nothing was news; then its shorter
 * suffixes are no news either, as each was noted whenever the longer one was. */
__noinline int learn_key(u32 model, u64 key, u32 second)
{
	void *set = bpf_map_lookup_elem(&large, &model), *own = bpf_map_lookup_elem(&owners, &model);
	u32 at[2] = { bucket_of(key, BUCKET_BITS_LARGE, 0), bucket_of(key, BUCKET_BITS_LARGE, 1) };
	struct bucket *b0, *b1;
	struct owners *o0, *o1;
	struct container *c;
	int done;

	if (!set || !own)
		return 0;
	b0 = bpf_map_lookup_elem(set, &at[0]);
	b1 = bpf_map_lookup_elem(set, &at[1]);
	o0 = bpf_map_lookup_elem(own, &at[0]);
	o1 = bpf_map_lookup_elem(own, &at[1]);
	if (!b0 || !b1 || !o0 || !o1)
		return 0;
#pragma unroll
	for (int i = 0; i < BUCKET_KEYS; i++) {
		if (b0->key[i] == key)
			return settle(&o0->second[i], second) ? 1 : count_news(model);
		if (b1->key[i] == key)
			return settle(&o1->second[i], second) ? 1 : count_news(model);
	}
	/* buckets fill from slot 0 up: walking both side by side finds the emptier one */
#pragma unroll
	for (int i = 0; i < BUCKET_KEYS; i++) {
		done = take(b0, o0, i, key, second);
		if (!done)
			done = take(b1, o1, i, key, second);
		if (done)
			return done == 1 ? 1 : count_news(model);
	}
	c = bpf_map_lookup_elem(&containers, &model);
	if (c)
		__sync_fetch_and_add(&c->full, 1);
	return 0;
}

/* Every run that ends `window`, at most `max` long, likewise. */
__noinline int learn_run(u32 model, u32 program, u64 window, u32 max, u32 second)
{
	u64 mark = max & ACTING_RUN ? GRAM_ACTING : 0;

	for (u32 n = GRAM_ORDER_MAX; n >= 1; n--)
		if (n <= (max & ~ACTING_RUN) && learn_key(model, gram_key(program, gram_last(window, n) | mark), second))
			return n;
	return 0;
}

static __always_inline void learn(struct container *c, struct thread *t, u32 class, u32 second)
{
	learn_run(c->model, t->program, t->window, gram_length(t->window, c->order), second);
	if (class & CALL_ACTING)
		learn_run(c->model, t->program, t->acting, gram_length(t->acting, ACTING_ORDER) | ACTING_RUN, second);
}

static __always_inline u32 second_of(struct container *c)
{
	return (u32)((bpf_ktime_get_ns() - c->epoch) / 1000000000ULL) + 1;
}

static __always_inline void count_second(struct container *c, u32 program, u32 second)
{
	u64 at = bounded(program, GRAM_PROGRAMS - 1);

	if (c->second[at] == second)
		return;
	c->second[at] = second; /* two CPUs may both count a second: it only blurs a rate */
	__sync_fetch_and_add(&c->seconds[at], 1);
}

/* ---- events ---- */

static __always_inline void fill(struct event *e, struct task *t, u32 kind)
{
	u64 id = bpf_get_current_pid_tgid();

	e->when = bpf_ktime_get_ns();
	e->kind = kind;
	e->tid = (u32)id;
	e->tgid = id >> 32;
	e->call = 0;
	e->abi = 0;
	e->verdict = 0;
	e->program = t->thread.program;
	e->flags = t->thread.flags;
}

static __always_inline void *ring_of(struct container *c, struct task *t)
{
	u32 slot = t->slot;

	return bpf_map_lookup_elem(&rings, &slot);
}

static __always_inline void missed(struct container *c, struct task *t)
{
	__sync_fetch_and_add(&c->lost, 1);
	t->lost++;
}

/* While a trace is recorded, what the record lacks must be said in it, at this place, and the
 * thread goes on without a known history, live as in the replay.  False: still no room. */
__noinline int admit_loss(struct container *c, struct task *t)
{
	struct event *e;
	void *ring;

	if (!c || !t)
		return 0;
	ring = ring_of(c, t);
	e = ring ? bpf_ringbuf_reserve(ring, sizeof(*e), 0) : 0;
	if (!e)
		return 0;
	fill(e, t, EVENT_LOST);
	e->call = t->lost > 0xffffffff ? 0xffffffff : (u32)t->lost;
	e->verdict = VERDICT_BLIND;
	bpf_ringbuf_submit(e, 0);
	t->lost = 0;
	thread_blind(&t->thread);
	return 1;
}

static __always_inline int recordable(struct container *c, struct task *t)
{
	if (!c->trace || t->lost == 0 || admit_loss(c, t))
		return 1;
	missed(c, t);
	return 0;
}

static __always_inline void copy_history(struct task *t, u16 *to, u32 *calls)
{
	u32 n = t->calls;

	*calls = n < HISTORY ? n : HISTORY;
	for (u32 i = 0; i < HISTORY; i++)
		to[i] = t->history[bounded(n + i, HISTORY - 1)]; /* n < HISTORY: leading zeros */
}

__noinline int emit_simple(struct container *c, struct task *t, u32 kind, u64 what)
{
	struct event *e;
	void *ring;

	if (!c || !t || !recordable(c, t))
		return 0;
	ring = ring_of(c, t);
	e = ring ? bpf_ringbuf_reserve(ring, sizeof(*e), 0) : 0;
	if (!e) {
		missed(c, t);
		return 0;
	}
	fill(e, t, kind);
	e->call = (u32)what;
	e->abi = what >> 32;
	bpf_ringbuf_submit(e, 0);
	return 1;
}

/* ---- verdicts ---- */

static __always_inline u32 stop(struct container *c, struct task *t, u32 verdict)
{
	u32 act = t->thread.flags & THREAD_SESSION ? c->session_act : c->act;

	if (!(verdict & act) || c->mode != SENSE_JUDGE || c->open[bounded(t->thread.program, GRAM_PROGRAMS - 1)])
		return 0;
	if (!c->condemned)
		__sync_fetch_and_add(&c->stops, 1);
	c->condemned = 1;
	/* SEND_SIG_PRIV reaches the init of a pid namespace too */
	bpf_send_signal(verdict & c->kill ? SIGKILL : SIGSTOP);
	return 1;
}

/* A tier's flood takes no other tier's room. */
static __always_inline int may_tell(struct container *c, struct task *t, u32 verdict)
{
	u32 now = second_of(c), most = TOLD_A_SECOND;
	u64 tier = verdict & VERDICT_TIER1 ? 1 : verdict & VERDICT_TIER2 ? 2 : 3;

	if (c->proving || c->open[bounded(t->thread.program, GRAM_PROGRAMS - 1)])
		most = TAUGHT_A_SECOND;
	if (c->told_second != now) {
		c->told_second = now;
		c->told[1] = c->told[2] = c->told[3] = 0;
	}
	return __sync_fetch_and_add(&c->told[bounded(tier, 3)], 1) < most;
}

__noinline int deviate(struct container *c, struct task *t, u64 call_abi, u64 depths, u32 verdict)
{
	struct told_key key = {};
	struct deviation *d;
	u64 one = 1, *before;
	u32 stopped;
	void *ring;

	if (!c || !t)
		return 0;
	stopped = stop(c, t, verdict);
	__sync_fetch_and_add(&c->deviations, 1);
	if (!c->trace && !stopped) {
		key.slot = t->slot;
		key.generation = t->generation;
		key.gram = told_gram_of(verdict, call_abi, t->thread.program, t->thread.window);
		key.acting = told_acting_of(verdict, t->thread.acting);
		before = bpf_map_lookup_elem(&told, &key);
		if (before) {
			__sync_fetch_and_add(before, 1);
			return 0;
		}
		if (!may_tell(c, t, verdict))
			return 0;
		bpf_map_update_elem(&told, &key, &one, BPF_ANY);
	}
	ring = ring_of(c, t);
	d = ring ? bpf_ringbuf_reserve(ring, sizeof(*d), 0) : 0;
	if (!d) {
		missed(c, t);
		return 0;
	}
	fill(&d->event, t, EVENT_DEVIATION);
	d->event.call = (u32)call_abi;
	d->event.abi = call_abi >> 32;
	d->event.verdict = verdict;
	d->window = t->thread.window;
	d->acting = t->thread.acting;
	d->depth = (u32)depths;
	d->acting_depth = depths >> 32;
	d->stopped = stopped;
	copy_history(t, d->history, &d->calls);
	bpf_ringbuf_submit(d, BPF_RB_FORCE_WAKEUP);
	return 0;
}

static __always_inline int floor_by_registers(u32 call, u64 a0, u64 a1)
{
	for (int i = 0; i < FLOOR_RULES; i++) {
		struct floor_rule r = { floor_rules[i].mask0, floor_rules[i].mask1, floor_rules[i].call, 0 };

		if (floor_by_rule(&r, call, a0, a1))
			return 1;
	}
	return 0;
}

/* A call that the kernel restarts after a freeze, a stop or an ignored signal enters a second
 * time from the same place with the same arguments, at moments that have nothing to do with the
 * program.  Such a twin counts once, learned as judged.  Compared word for word: a hash could be
 * made to collide, and what is a twin is not judged. */
static __always_inline int repeated(struct task *t, const struct site *now)
{
	struct site *was = &t->site;

	if (was->ip == now->ip && was->sp == now->sp && was->call == now->call && was->arg[0] == now->arg[0] &&
	    was->arg[1] == now->arg[1] && was->arg[2] == now->arg[2] && was->arg[3] == now->arg[3])
		return 1;
	*was = *now;
	return 0;
}

/* The call that was just pushed, where the container is judged. */
__noinline int judge_member(struct container *c, struct task *t, u32 call, u32 class, int told)
{
	u32 program, length, depth = 0, acting = 0, verdict = 0;
	u64 local;

	if (!c || !t)
		return 0;
	local = bounded(t->thread.program, GRAM_PROGRAMS - 1);
	program = c->profile_program[local];
	length = gram_length(t->thread.window, c->order);
	if (program)
		depth = depth_of(c->set, c->model, program, t->thread.window, length);
	if (c->open[local]) {
		/* allowed for a while: told, so that it can be learned, and not judged */
		if (!program || depth != length)
			verdict = VERDICT_CALL;
	} else if (program) {
		if (class & CALL_ACTING)
			acting = depth_of(c->set, c->model, program, t->thread.acting,
					  gram_length(t->thread.acting, ACTING_ORDER) | ACTING_RUN);
		verdict = judge_call(&t->thread, class, c->order, depth, acting, &c->weights);
	} else if (!local && c->started && !(t->thread.flags & THREAD_SESSION) && !(class & CALL_QUIET)) {
		verdict = VERDICT_CALL; /* nobody's program: left behind by a hook of the runtime */
	}
	if (t->thread.score > c->score_max)
		c->score_max = t->thread.score;
	if (verdict && told)
		deviate(c, t, call, (u64)acting << 32 | depth, verdict);
	else if (verdict)
		stop(c, t, verdict);
	else if (c->trace && told)
		emit_simple(c, t, EVENT_CALL, call);
	return 0;
}

__noinline int on_member_call(struct container *c, struct task *t, u32 call, u32 class)
{
	u32 token = token_of(call), second, told;

	if (!c || !t)
		return 0;
	/* a call that the record has no room for is judged all the same */
	told = recordable(c, t);
	t->history[bounded(t->calls++, HISTORY - 1)] = token;
	if (!thread_push(&t->thread, token, class))
		return 0;
	if (c->mode == SENSE_LEARN) {
		second = second_of(c);
		count_second(c, t->thread.program, second);
		learn(c, &t->thread, class, second);
		if (c->trace && told)
			emit_simple(c, t, EVENT_CALL, call);
	} else if (c->mode == SENSE_JUDGE) {
		judge_member(c, t, call, class, told);
	}
	if (call == call_sigreturn)
		thread_sigreturn(&t->thread);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct container *c;
	u32 call = (u32)id, class, abi = ABI_NATIVE, slot;
	struct site now;
	struct task *t;
	u64 *count;

	if (!task->bpf_storage)
		return 0;
	t = bpf_task_storage_get(&tasks, task, 0, 0);
	if (!t || t->thread.flags & THREAD_JOINING)
		return 0;
	c = container_of_task(t);
	if (!c || !c->started) /* a hook of the runtime, before the entry */
		return 0;
	if (c->condemned && !(t->thread.flags & THREAD_SESSION && !c->session_act))
		bpf_send_signal(SIGSTOP);
	t->entered++;
	slot = t->slot;
	count = bpf_map_lookup_elem(&calls, &slot);
	if (count)
		(*count)++;
#if defined(__TARGET_ARCH_x86)
	if (task->thread_info.status & TS_COMPAT)
		abi = ABI_COMPAT;
	else if (call & X32_BIT)
		abi = ABI_X32;
	now = (struct site){ regs->ip, regs->sp, call, { regs->di, regs->si, regs->dx, regs->r10 } };
#elif defined(__TARGET_ARCH_arm64)
	if (task->thread_info.flags & (1UL << TIF_32BIT))
		abi = ABI_COMPAT;
	now = (struct site){ regs->pc, regs->sp, call, { regs->regs[0], regs->regs[1], regs->regs[2], regs->regs[3] } };
#endif
	if (abi != ABI_NATIVE) {
		__sync_fetch_and_add(&c->floor, 1);
		if (recordable(c, t))
			deviate(c, t, (u64)abi << 32 | (call & ~X32_BIT), 0, VERDICT_ABI);
		return 0;
	}
	class = call < 512 ? c->classes[bounded(call, 511)] : 0;
	if (class & CALL_LEFT_OUT)
		return 0;
	if (class & CALL_FLOOR_ARGS && floor_by_registers(call, now.arg[0], now.arg[1]))
		class |= CALL_FLOOR;
	if (repeated(t, &now))
		return 0;
	if (class & CALL_FLOOR) {
		__sync_fetch_and_add(&c->floor, 1);
		t->history[bounded(t->calls++, HISTORY - 1)] = token_of(call);
		if (recordable(c, t))
			deviate(c, t, call, 0, VERDICT_FLOOR);
		return 0;
	}
	return on_member_call(c, t, call, class);
}

/* ---- membership ---- */

static __always_inline struct task *join(struct task_struct *task, u32 slot, u32 flags)
{
	struct container *c = bpf_map_lookup_elem(&containers, &slot);
	struct task *t;

	if (!c || !c->generation)
		return 0;
	t = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!t) {
		__sync_fetch_and_add(&c->lost, 1);
		return 0;
	}
	__builtin_memset(t, 0, sizeof(*t));
	t->slot = slot;
	t->generation = c->generation;
	t->thread.flags = flags;
	return t;
}

static __always_inline int inside(struct cgroup *group, u64 id)
{
	struct kernfs_node *kn = group->kn;

	for (int i = 0; i < 16; i++) {
		if (!kn)
			return 0;
		if (BPF_CORE_READ(kn, id) == id)
			return 1;
		if (bpf_core_field_exists(struct kernfs_node___6_15, __parent))
			kn = BPF_CORE_READ((struct kernfs_node___6_15 *)kn, __parent);
		else
			kn = BPF_CORE_READ(kn, parent);
	}
	return 0;
}

static __always_inline u32 *slot_of_cgroup(struct task_struct *task, struct cgroup_key *key)
{
	key->id = task->cgroups->dfl_cgrp->kn->id;
	key->hierarchy = task->cgroups->dfl_cgrp->root->hierarchy_id;
	return bpf_map_lookup_elem(&cgroups, key);
}

/* In a container's cgroup, of a task that is no member.  That is the runtime on its way in: its init with its hooks,
 * or an exec session, born inside (CLONE_INTO_CGROUP) or moved in.  A move marks the first thread only, and marks it
 * when all have moved: the threads that a Go runtime makes meanwhile are none of the container's doing. */
static __always_inline void born_inside(struct task_struct *child, u64 clone_flags)
{
	struct task_struct *current_task = bpf_get_current_task_btf();
	u32 *slot, tgid = bpf_get_current_pid_tgid() >> 32, flags = THREAD_JOINING;
	struct cgroup_key key = {};

	slot = slot_of_cgroup(child, &key);
	if (!slot || bpf_map_lookup_elem(&starting, &tgid))
		return;
	/* But what a hook leaves behind is no session: it is nobody's program, and is judged so once the entry runs. */
	if (!(clone_flags & CLONE_THREAD) && current_task->cgroups->dfl_cgrp->kn->id == key.id &&
	    !bpf_task_storage_get(&tasks, current_task->group_leader, 0, 0))
		flags = 0;
	join(child, *slot, flags);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *child, u64 clone_flags)
{
	struct task *parent = current_member(), *t;
	struct container *c;

	if (!parent) {
		born_inside(child, clone_flags);
		return 0;
	}
	c = container_of_task(parent);
	if (!c)
		return 0;
	recordable(c, parent); /* a loss is told before the child gets its parent's past */
	if (c->started && clone_flags & CLONE_INTO_CGROUP && c->hierarchy == 0 && !inside(child->cgroups->dfl_cgrp, c->cgroup))
		deviate(c, parent, 0, 0, VERDICT_LEFT);
	t = bpf_task_storage_get(&tasks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!t) {
		/* a task that nobody watches: the container is blind from here */
		missed(c, parent);
		if (c->act)
			c->condemned = 1;
		return 0;
	}
	t->thread = parent->thread;
	t->slot = parent->slot;
	t->generation = parent->generation;
	t->lost = 0;
	t->calls = parent->calls;
	__builtin_memcpy(t->history, parent->history, sizeof(t->history));
	if (c->trace && !(parent->thread.flags & THREAD_JOINING) &&
	    !emit_simple(c, parent, EVENT_FORK, (u64)(u32)child->tgid << 32 | (u32)child->pid))
		t->lost = 1;
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_attach, struct cgroup *group, const char *path, struct task_struct *task)
{
	struct task *t = bpf_task_storage_get(&tasks, task, 0, 0), *mover;
	struct cgroup_key key = { group->kn->id, group->root->hierarchy_id, 0 };
	struct container *c;
	u32 *slot;

	if (t && (c = container_of_task(t))) {
		if (!c->started || key.hierarchy != c->hierarchy || inside(group, c->cgroup))
			return 0;
		mover = current_member(); /* an administrator's move is no deviation */
		if (mover && mover->generation == t->generation && recordable(c, mover))
			deviate(c, mover, 0, 0, VERDICT_LEFT);
		return 0;
	}
	slot = bpf_map_lookup_elem(&cgroups, &key);
	if (slot)
		join(task, *slot, THREAD_JOINING);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct task *t = current_member();
	struct container *c = t ? container_of_task(t) : 0;

	if (c && c->trace && !(t->thread.flags & THREAD_JOINING))
		emit_simple(c, t, EVENT_EXIT, 0);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(on_signal, int sig, void *info, struct k_sigaction *ka)
{
	struct task *t = current_member();
	struct container *c = t ? container_of_task(t) : 0;

	if (!c || (u64)BPF_CORE_READ(ka, sa.sa_handler) <= 1 || t->thread.flags & THREAD_JOINING)
		return 0;
	if (sig == SIGHUP && bpf_get_current_pid_tgid() >> 32 == c->init)
		__sync_fetch_and_add(&c->reloads, 1);
	if (c->trace)
		emit_simple(c, t, EVENT_SIGNAL, (u64)(u32)sig << 32);
	thread_signal(&t->thread);
	return 0;
}

/* ---- executables ---- */

/* From Linux 6.13 on the top bit of i_ctime_nsec says whether someone asked (I_CTIME_QUERIED in fs.h). */
static __always_inline u64 ctime_of(struct inode *inode)
{
	if (bpf_core_field_exists(struct inode___6_11, i_ctime_sec))
		return BPF_CORE_READ((struct inode___6_11 *)inode, i_ctime_sec) * 1000000000ULL +
		       (BPF_CORE_READ((struct inode___6_11 *)inode, i_ctime_nsec) & 0x7fffffff);
	if (bpf_core_field_exists(struct inode___6_6, __i_ctime))
		return BPF_CORE_READ((struct inode___6_6 *)inode, __i_ctime.tv_sec) * 1000000000ULL +
		       BPF_CORE_READ((struct inode___6_6 *)inode, __i_ctime.tv_nsec);
	return BPF_CORE_READ((struct inode___5 *)inode, i_ctime.tv_sec) * 1000000000ULL +
	       BPF_CORE_READ((struct inode___5 *)inode, i_ctime.tv_nsec);
}

static __always_inline void identify(struct program_key *key, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	key->inode = BPF_CORE_READ(inode, i_ino);
	key->ctime = ctime_of(inode);
	key->size = BPF_CORE_READ(inode, i_size);
	key->device = BPF_CORE_READ(inode, i_sb, s_dev);
	key->inode_generation = BPF_CORE_READ(inode, i_generation);
}

/* FNV-1a of what comes after the last '/', or of all of it when `whole`. */
static __always_inline u32 name_hash(const char *name, int whole)
{
	u32 h = 2166136261u;

	for (u32 i = 0; i < NAME_BYTES; i++) {
		char ch = name[i];

		if (!ch)
			break;
		if (ch == '/' && !whole)
			h = 2166136261u;
		else
			h = (h ^ (u8)ch) * 16777619u;
	}
	return h;
}

/* The file's own path in its mount namespace, whatever chroot the task sits in: dentries up to
 * each mount's root, then on at its mountpoint. */
__noinline int write_path(struct execution *x, u64 address)
{
	struct file *file = (void *)address; /* a global function takes no pointer of the kernel's */
	struct dentry *dentry, *parent, *top;
	struct vfsmount *vfs;
	struct mount *mount;
	u32 at = 0;

	if (!x || !file)
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	vfs = BPF_CORE_READ(file, f_path.mnt);
	mount = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	for (int i = 0; i < 48; i++) {
		top = BPF_CORE_READ(mount, mnt.mnt_root);
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == top || dentry == parent) {
			struct mount *up = BPF_CORE_READ(mount, mnt_parent);

			if (up == mount || !up)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = up;
			continue;
		}
		if (at > PATH_BYTES - NAME_BYTES)
			break;
		long n = bpf_probe_read_kernel_str(&x->path[at & (PATH_BYTES - 1)], NAME_BYTES,
						   BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		at += n;
		dentry = parent;
	}
	x->length = at;
	return 0;
}

/* Compared by hand: clang may call memcmp, which BPF has not. */
static __always_inline int made_up(const char *name)
{
	return name[0] == '/' && name[1] == 'd' && name[2] == 'e' && name[3] == 'v' && name[4] == '/' &&
	       name[5] == 'f' && name[6] == 'd' && name[7] == '/';
}

static __always_inline u32 program_of(struct container *c, struct program_key *key, u32 *fresh)
{
	u32 *found = bpf_map_lookup_elem(&programs, key), local;

	*fresh = 0;
	if (found)
		return *found;
	local = __sync_fetch_and_add(&c->programs, 1);
	if (local >= GRAM_PROGRAMS) {
		__sync_fetch_and_add(&c->full, 1);
		return 0;
	}
	if (bpf_map_update_elem(&programs, key, &local, BPF_NOEXIST)) {
		found = bpf_map_lookup_elem(&programs, key);
		if (found)
			return *found;
		__sync_fetch_and_add(&c->full, 1);
	}
	*fresh = 1;
	return local;
}

__noinline int tell_exec(struct container *c, struct task *t, struct execution *x, u32 verdict)
{
	void *ring;

	if (!c || !t || !x)
		return 0;
	copy_history(t, x->history, &x->calls);
	fill(&x->event, t, EVENT_EXEC);
	x->event.verdict = verdict;
	ring = ring_of(c, t);
	if (!ring || bpf_ringbuf_output(ring, x, sizeof(*x), BPF_RB_FORCE_WAKEUP))
		missed(c, t);
	return 0;
}

/* A session whose mark is not on the thread that executes: the kernel marks the one that led when it was moved in. */
static __always_inline struct task *join_late(struct task_struct *task, u32 mntns)
{
	struct cgroup_key key = {};
	u32 *slot = slot_of_cgroup(task, &key);
	struct container *c = slot ? bpf_map_lookup_elem(&containers, slot) : 0;

	return c && c->started && c->mntns == mntns ? join(task, *slot, THREAD_JOINING) : 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct task *t = bpf_task_storage_get(&tasks, task, 0, 0);
	u32 zero = 0, tgid = task->tgid, mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	u32 *slot, local, verdict = 0, open, told;
	struct execution *x;
	struct container *c;

	slot = bpf_map_lookup_elem(&starting, &tgid);
	if (slot) {
		c = bpf_map_lookup_elem(&containers, slot);
		if (!c || c->mntns != mntns)
			return 0; /* the runtime executes itself once more */
		t = join(task, *slot, 0);
		c->started = 1;
		bpf_map_delete_elem(&starting, &tgid);
	}
	if (!t)
		t = join_late(task, mntns);
	if (!t)
		return 0;
	c = container_of_task(t);
	if (!c || !c->started)
		return 0;
	if (t->thread.flags & THREAD_JOINING) {
		if (c->mntns != mntns)
			return 0;
		t->thread.flags = THREAD_SESSION;
	}
	x = bpf_map_lookup_elem(&scratch, &zero);
	if (!x)
		return 0;
	x->key.slot = t->slot;
	x->key.generation = t->generation;
	identify(&x->key, bprm->file);
	__builtin_memset(x->name, 0, sizeof(x->name));
	bpf_probe_read_kernel_str(x->name, sizeof(x->name), bprm->filename);
	x->script = bprm->interp != bprm->filename;
	/* fexecve(3): the kernel makes up /dev/fd/N, and N means nothing; the file's own name does */
	if (!x->script && made_up(x->name))
		bpf_probe_read_kernel_str(x->name, sizeof(x->name), BPF_CORE_READ(bprm, file, f_path.dentry, d_name.name));
	x->key.name = name_hash(x->name, x->script);
	x->key.session = t->thread.flags & THREAD_SESSION;
	local = program_of(c, &x->key, &x->fresh);
	if (c->mode == SENSE_JUDGE && !c->profile_program[bounded(local, GRAM_PROGRAMS - 1)])
		verdict = VERDICT_EXEC;
	told = recordable(c, t); /* a loss before the exec is told before it */
	/* what a program does that a person allowed for a while, its children do for it */
	open = verdict && (c->proving || c->open[bounded(t->thread.program, GRAM_PROGRAMS - 1)]);
	if (open)
		c->open[bounded(local, GRAM_PROGRAMS - 1)] = 1;
	x->opened = open;
	thread_exec(&t->thread, local);
	t->site.ip = 0;
	t->entered = 0;
	x->stopped = verdict ? stop(c, t, verdict) : 0;
	if (verdict)
		__sync_fetch_and_add(&c->deviations, 1);
	if (x->fresh || x->stopped || c->trace || (verdict && may_tell(c, t, verdict))) {
		write_path(x, (u64)BPF_CORE_READ(bprm, file));
		if (told)
			tell_exec(c, t, x, verdict);
	}
	t->history[bounded(t->calls++, HISTORY - 1)] = TOKEN_EXEC;
	return 0;
}

/* The kernel's identity of files that the keeper has open: overlayfs shows stat(2) another device
 * than the inode has.  One line of binary a descriptor. */

SEC("iter/task_file")
int identities(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct identity_row row = {};

	if (!task || !file || task->tgid != task->pid)
		return 0;
	row.fd = ctx->fd;
	row.tgid = task->tgid;
	identify(&row.key, file);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

/* A container that runs already: its tasks become members, with an empty window, for their past is not known. */

SEC("iter/task")
int adopt(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct adopted_row row = {};
	struct adoption *a;
	struct task *t;
	u32 tgid;

	if (!task)
		return 0;
	tgid = task->tgid;
	a = bpf_map_lookup_elem(&adopting, &tgid);
	if (!a || !BPF_CORE_READ(task, mm))
		return 0;
	t = bpf_task_storage_get(&tasks, task, 0, 0);
	if (t && container_of_task(t) && t->slot == a->slot && (t->thread.program || t->thread.flags))
		return 0;
	row.tid = task->pid;
	if (BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino) == a->inode) {
		t = join(task, a->slot, 0);
		if (t) {
			t->thread.program = a->program;
			row.joined = 1;
		}
	}
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
