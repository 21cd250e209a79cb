/* yaml_scalar.h: what a plain scalar means in YAML 1.1, as PyYAML's resolver and constructor have
 * it. private to base/ */
#ifndef BASE_YAML_SCALAR_H
#define BASE_YAML_SCALAR_H

#include "base/value.h"

typedef enum YamlTag {
    YAML_STR,
    YAML_NULL,
    YAML_BOOL,
    YAML_INT,
    YAML_FLOAT,
    YAML_TIMESTAMP,
    YAML_MERGE,      /* << */
    YAML_VALUE,      /* =  */
    YAML_TAG_COUNT,
} YamlTag;

/* The tag that a plain scalar gets when it has none. */
YamlTag yaml_resolve(Str plain);

/* Makes the value of a scalar with a tag. On failure *problem says why in words. Texts are views
 * of `text`; YAML_MERGE and YAML_VALUE have no value. */
MUST bool yaml_construct(Arena *arena, YamlTag tag, Str text, Value *out, const char **problem);

#endif
