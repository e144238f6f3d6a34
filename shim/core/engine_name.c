/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_name.h"

#include <string.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* The first halves of made-up names, sorted. */
static const char *const adjectives[] = {
	"admiring", "adoring", "affectionate", "agitated", "amazing", "angry", "awesome",
	"beautiful", "blissful", "bold", "boring", "brave", "busy", "charming", "clever",
	"compassionate", "competent", "condescending", "confident", "cool", "cranky", "crazy",
	"dazzling", "determined", "distracted", "dreamy", "eager", "ecstatic", "elastic", "elated",
	"elegant", "eloquent", "epic", "exciting", "fervent", "festive", "flamboyant", "focused",
	"friendly", "frosty", "funny", "gallant", "gifted", "goofy", "gracious", "great", "happy",
	"hardcore", "heuristic", "hopeful", "hungry", "infallible", "inspiring", "intelligent",
	"interesting", "jolly", "jovial", "keen", "kind", "laughing", "loving", "lucid", "magical",
	"modest", "musing", "mystifying", "naughty", "nervous", "nice", "nifty", "nostalgic",
	"objective", "optimistic", "peaceful", "pedantic", "pensive", "practical", "priceless",
	"quirky", "quizzical", "recursing", "relaxed", "reverent", "romantic", "sad", "serene",
	"sharp", "silly", "sleepy", "stoic", "strange", "stupefied", "suspicious", "sweet",
	"tender", "thirsty", "trusting", "unruffled", "upbeat", "vibrant", "vigilant", "vigorous",
	"wizardly", "wonderful", "xenodochial", "youthful", "zealous", "zen",
};

bool engine_name_is_made_up(const char *name)
{
	size_t first = strspn(name, LOWER), second;
	const char *rest;

	/* the first twelve digits of a pod's ID: podman's infra container */
	if (strspn(name, DIGITS "abcdef") == 12 && strcmp(name + 12, "-infra") == 0)
		return true;
	if (first == 0 || name[first] != '_')
		return false;
	rest = name + first + 1;
	second = strspn(rest, LOWER);
	if (second == 0 || strspn(rest + second, DIGITS) > 1 ||
	    rest[second + strspn(rest + second, DIGITS)] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(adjectives) / sizeof(adjectives[0]); i++)
		if (strlen(adjectives[i]) == first && memcmp(adjectives[i], name, first) == 0)
			return true;
	return false;
}

bool engine_name_of_image(const char *reference, char *ret, size_t room)
{
	const char *slash, *from = reference;
	size_t path = strcspn(reference, "@"), len;

	slash = memrchr(reference, '/', path);
	if (slash)
		from = slash + 1;
	len = strcspn(from, ":@");
	/* An ID, whole or cut short, or "sha256:..." */
	if (len == 0 || len >= room || strncmp(reference, "sha256:", 7) == 0 ||
	    (!slash && len >= 12 && strspn(from, DIGITS "abcdef") == len))
		return false;
	memcpy(ret, from, len);
	ret[len] = '\0';
	return true;
}

bool engine_name_is_swarm(const char *container, const char *service)
{
	size_t len = strlen(service);

	return len && strncmp(container, service, len) == 0 && container[len] == '.';
}

bool engine_name_is_compose(const char *container, const char *project, const char *service)
{
	size_t first = strlen(project), second = strlen(service), digits;

	if (first == 0 || second == 0 || strncmp(container, project, first) != 0)
		return false;
	container += first;
	if ((*container != '-' && *container != '_') ||
	    strncmp(container + 1, service, second) != 0)
		return false;
	container += second + 1;
	digits = *container == '-' || *container == '_' ? strspn(container + 1, DIGITS) : 0;
	return digits > 0 && container[digits + 1] == '\0';
}

static bool part(const char **at, char *ret, size_t room)
{
	size_t len = strcspn(*at, "_");

	if (len == 0 || len >= room || (*at)[len] != '_')
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len + 1;
	return true;
}

bool engine_name_of_pod(const char *container, char *name, char *space, size_t room)
{
	char ignored[256];

	if (strncmp(container, "k8s_", 4) != 0)
		return false;
	container += 4;
	return part(&container, name, room) && part(&container, ignored, sizeof(ignored)) &&
	       part(&container, space, room) && part(&container, ignored, sizeof(ignored)) &&
	       *container && container[strspn(container, DIGITS)] == '\0';
}

void engine_name_clean(const char *from, char *ret, size_t room)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER DIGITS "._-";
	size_t len = 0;

	for (; from[len] && len + 1 < room; len++) {
		bool fits = strchr(allowed, from[len]) && (from[len] != '.' || len > 0);

		ret[len] = '_';
		if (fits)
			ret[len] = from[len];
	}
	ret[len] = '\0';
}
