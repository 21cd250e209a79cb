/* yaml.h: YAML as PyYAML's CSafeLoader reads it (YAML 1.1), into Values that know their place. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/value.h"

/* A key that stood twice in one mapping: dbt warns about it. */
typedef struct YamlDouble {
    Str key;
    Place place;  /* of the second one */
} YamlDouble;

typedef struct YamlDoc {
    Value root;                  /* NONE for an empty document                          */
    Str file, source;            /* for value_place()                                   */
    List(YamlDouble) doubles;
} YamlDoc;

/* Parses one document (more than one: error, as dbt's loader). Plain scalars are resolved as
 * PyYAML does: null ~ true/yes/on, 0o17 stays text and 017 is octal, 1_000, sexagesimal, floats
 * with a dot, .inf, .nan, dates and timestamps (given as VALUE_TEXT in ISO form with
 * `is_date` semantics of PyYAML's str(): "2020-01-01", "2020-01-01 10:00:00"); merge keys (<<),
 * anchors and aliases (an alias shares the identity of its anchor), tags !!str !!int ...,
 * unhashable keys refused. Integers beyond 64 bits keep their digits as text. Every Value's `at` is
 * its byte offset. `doubles` are told as dbt's loader does: not in a mapping that begins with <<.
 * Refused though PyYAML takes them: an alias inside of its own anchor, !!binary.
 * Fails   ERR_PARSING with line, column, excerpt and libyaml's reason in plain words;
 *         ERR_TOO_DEEP beyond 200 levels; ERR_TOO_BIG when aliases expand beyond 10 million nodes
 * Owner   the arena; texts may be views into `source`
 */
MUST bool yaml_parse(Arena *arena, Str source, Str file, YamlDoc *out, Err *err);

/* One plain scalar, resolved as in a document: for --vars "{...}" values and env values. */
Value yaml_scalar(Arena *arena, Str plain);

/* Prints as PyYAML's safe_dump(sort_keys=...) with default flow style False; used by toyaml().
 * Differs where lines beyond 80 columns are broken within double quotes (no \ at their end). */
void yaml_print(Value v, bool sorts_keys, Text *out);

#endif
