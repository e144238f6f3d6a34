/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_schema.h"

#include <string.h>

#define KEYS(name, ...) static const char *const name[] = { __VA_ARGS__, NULL }

KEYS(top_keys, "ociVersion", "process", "root", "hostname", "domainname", "mounts", "hooks",
     "annotations", "linux", "solaris", "windows", "vm", "zos");
KEYS(process_keys, "terminal", "consoleSize", "user", "args", "commandLine", "env", "cwd",
     "capabilities", "rlimits", "noNewPrivileges", "apparmorProfile", "oomScoreAdj", "scheduler",
     "selinuxLabel", "ioPriority", "execCPUAffinity");
KEYS(box_keys, "height", "width");
KEYS(user_keys, "uid", "gid", "umask", "additionalGids", "username");
KEYS(capability_keys, "bounding", "effective", "inheritable", "permitted", "ambient");
KEYS(rlimit_keys, "type", "hard", "soft");
KEYS(scheduler_keys, "policy", "nice", "priority", "flags", "runtime", "deadline", "period");
KEYS(io_priority_keys, "class", "priority");
KEYS(affinity_keys, "initial", "final");
KEYS(root_keys, "path", "readonly");
KEYS(mount_keys, "destination", "type", "source", "options", "uidMappings", "gidMappings");
KEYS(hooks_keys, "prestart", "createRuntime", "createContainer", "startContainer", "poststart",
     "poststop");
KEYS(hook_keys, "path", "args", "env", "timeout");
KEYS(linux_keys, "uidMappings", "gidMappings", "sysctl", "resources", "cgroupsPath", "namespaces",
     "devices", "netDevices", "seccomp", "rootfsPropagation", "maskedPaths", "readonlyPaths",
     "mountLabel", "intelRdt", "memoryPolicy", "personality", "timeOffsets");
KEYS(mapping_keys, "containerID", "hostID", "size");
KEYS(namespace_keys, "type", "path");
KEYS(device_keys, "path", "type", "major", "minor", "fileMode", "uid", "gid");
KEYS(net_device_keys, "name");
KEYS(resource_keys, "devices", "memory", "cpu", "pids", "blockIO", "hugepageLimits", "network",
     "rdma", "unified");
KEYS(rule_keys, "allow", "type", "major", "minor", "access");
KEYS(memory_keys, "limit", "reservation", "swap", "kernel", "kernelTCP", "swappiness",
     "disableOOMKiller", "useHierarchy", "checkBeforeUpdate");
KEYS(cpu_keys, "shares", "quota", "burst", "period", "realtimeRuntime", "realtimePeriod", "cpus",
     "mems", "idle");
KEYS(pids_keys, "limit");
KEYS(block_keys, "weight", "leafWeight", "weightDevice", "throttleReadBpsDevice",
     "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice");
KEYS(block_device_keys, "major", "minor", "weight", "leafWeight", "rate");
KEYS(hugepage_keys, "pageSize", "limit");
KEYS(network_keys, "classID", "priorities");
KEYS(network_priority_keys, "name", "priority");
KEYS(rdma_keys, "hcaHandles", "hcaObjects");
KEYS(seccomp_keys, "defaultAction", "defaultErrnoRet", "architectures", "flags", "listenerPath",
     "listenerMetadata", "syscalls");
KEYS(syscall_keys, "names", "action", "errnoRet", "args");
KEYS(syscall_arg_keys, "index", "value", "valueTwo", "op");
KEYS(rdt_keys, "closID", "schemata", "l3CacheSchema", "memBwSchema", "enableCMT", "enableMBM",
     "enableMonitoring");
KEYS(memory_policy_keys, "mode", "nodes", "flags");
KEYS(personality_keys, "domain", "flags");
KEYS(offset_keys, "secs", "nanosecs");

/* Where those structs stand; '*' is each element of an array or each value of a map. */
static const struct { const char *at; const char *const *known; } places[] = {
	{ "", top_keys },
	{ "process", process_keys },
	{ "process.consoleSize", box_keys },
	{ "process.user", user_keys },
	{ "process.capabilities", capability_keys },
	{ "process.rlimits.*", rlimit_keys },
	{ "process.scheduler", scheduler_keys },
	{ "process.ioPriority", io_priority_keys },
	{ "process.execCPUAffinity", affinity_keys },
	{ "root", root_keys },
	{ "mounts.*", mount_keys },
	{ "mounts.*.uidMappings.*", mapping_keys },
	{ "mounts.*.gidMappings.*", mapping_keys },
	{ "hooks", hooks_keys },
	{ "hooks.*.*", hook_keys },
	{ "linux", linux_keys },
	{ "linux.uidMappings.*", mapping_keys },
	{ "linux.gidMappings.*", mapping_keys },
	{ "linux.namespaces.*", namespace_keys },
	{ "linux.devices.*", device_keys },
	{ "linux.netDevices.*", net_device_keys },
	{ "linux.resources", resource_keys },
	{ "linux.resources.devices.*", rule_keys },
	{ "linux.resources.memory", memory_keys },
	{ "linux.resources.cpu", cpu_keys },
	{ "linux.resources.pids", pids_keys },
	{ "linux.resources.blockIO", block_keys },
	{ "linux.resources.blockIO.*.*", block_device_keys },
	{ "linux.resources.hugepageLimits.*", hugepage_keys },
	{ "linux.resources.network", network_keys },
	{ "linux.resources.network.priorities.*", network_priority_keys },
	{ "linux.resources.rdma.*", rdma_keys },
	{ "linux.seccomp", seccomp_keys },
	{ "linux.seccomp.syscalls.*", syscall_keys },
	{ "linux.seccomp.syscalls.*.args.*", syscall_arg_keys },
	{ "linux.intelRdt", rdt_keys },
	{ "linux.memoryPolicy", memory_policy_keys },
	{ "linux.personality", personality_keys },
	{ "linux.timeOffsets.*", offset_keys },
};

static struct json *step(struct json *object, const char *name, size_t len)
{
	char key[32];

	memcpy(key, name, len);
	key[len] = '\0';
	return json_get(object, key);
}

/* Settle what stands at `at` below `v`; recursion is as deep as the longest place above. */
static int settle_at(struct json *v, const char *at, const char *const *known, struct err *e)
{
	size_t len = strcspn(at, ".");
	const char *rest = at + len + (at[len] == '.');
	int rc = 0;

	if (!v)
		return 0;
	if (!*at)
		return json_unfold(v, known, e);
	if (at[0] != '*')
		return settle_at(step(v, at, len), rest, known, e);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return 0;
	for (v = v->child; v && rc == 0; v = v->next)
		rc = settle_at(v, rest, known, e);
	return rc;
}

int spec_schema_settle(struct json *doc, struct err *e)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int rc = settle_at(doc, places[i].at, places[i].known, e);

		if (rc < 0)
			return *places[i].at ? fail_in(e, rc, places[i].at) : rc;
	}
	return 0;
}
