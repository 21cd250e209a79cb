/* glob.h: patterns of names and paths. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/str.h"

/* Python's fnmatch.fnmatchcase: * ? [seq] [!seq] over the whole text; '/' is no exception. */
bool glob_match(Str pattern, Str text);

/* Does it hold one of * ? [ ? */
bool glob_is_pattern(Str pattern);

/* Path patterns as Python's pathlib.match/glob: '*' stays within a part, '**' any number of
 * parts; the whole path must match. Both relative. */
bool glob_match_path(Str pattern, Str path);

/* gitignore rules, for .dbtignore: comments, !negation, trailing /, leading /, **. As pathspec's
 * GitWildMatchPattern: the last rule that matches decides, also below a folder that is ignored. */
typedef struct IgnoreRules IgnoreRules;
IgnoreRules *ignore_make(Arena *arena, Str content);
bool ignore_matches(const IgnoreRules *rules, Str path);

#endif
