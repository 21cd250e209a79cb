/* yaml_edit.h: private to workbench/: adding to a YAML file without touching what is there.
 *
 * Comments, quotes, order and layout stay: lines are put in, nothing else changes. Offsets are
 * those of the values as yaml_parse() gives them.
 */
#ifndef WORKBENCH_YAML_EDIT_H
#define WORKBENCH_YAML_EDIT_H

#include "base/yaml.h"

typedef struct YamlInsert {
    size_t at;                 /* offset in the text                                           */
    Str text;                  /* whole lines                                                  */
} YamlInsert;

typedef struct YamlEdit {
    Arena *arena;
    Str source;
    List(YamlInsert) inserts;
} YamlEdit;

/* Adds an item behind the last one of a block list that has items. lines: of the item without the
 * dash and without indentation, separated by \n. False: the list is written in brackets. */
bool yaml_add_item(YamlEdit *edit, Value list, Str lines);

/* Adds "key:" with items to a mapping that is an item of a block list. lines: of the value, as they
 * stand one level deeper. False: the mapping is written in braces. */
bool yaml_add_key(YamlEdit *edit, Value dict, Str key, Str lines);

/* Adds lines at the end of the text. */
void yaml_add_end(YamlEdit *edit, Str lines);

/* The text with all that was added. Owner: the arena. */
Str yaml_edited(YamlEdit *edit);

#endif
