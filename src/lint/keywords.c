/* keywords.c: which words are key words in which dialect: keywords.def as a hash table. */
#include <pthread.h>

#include "lint/lint_base.h"

typedef struct Keyword {
    Str word;
    uint8_t reserved, unreserved;  /* bit i: in dialect i */
} Keyword;

enum { TABLE_SIZE = 8192 };

static const struct {
    uint8_t reserved, unreserved;
    const char *words;
} groups[] = {
#define KEYWORDS(reserved, unreserved, words) {reserved, unreserved, words},
#include "lint/keywords.def"
#undef KEYWORDS
};

static Keyword table[TABLE_SIZE];

/* The place of a word in lower case: its own, or the free one where it would stand. */
static Keyword *find(Str lower)
{
    uint32_t at = str_hash(lower) % TABLE_SIZE;
    while (table[at].word.len && !str_eq(table[at].word, lower))
        at = (at + 1) % TABLE_SIZE;
    return &table[at];
}

static void fill(void)
{
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        Str rest = str_of(groups[i].words), word;
        while (str_next_part(&rest, ' ', &word))
            if (word.len)
                *find(word) = (Keyword){word, groups[i].reserved, groups[i].unreserved};
    }
}

uint8_t keyword_bits(Dialect dialect, Str word)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char lower[40];
    pthread_once(&once, fill);
    if (word.len > sizeof(lower))
        return 0;
    for (size_t i = 0; i < word.len; i++)
        lower[i] = (char)(word.at[i] >= 'A' && word.at[i] <= 'Z' ? word.at[i] + 32 : word.at[i]);
    const Keyword *found = find((Str){lower, word.len});
    uint8_t bits = 0;
    if (found->word.len && found->reserved >> dialect & 1)
        bits |= KEY_RESERVED;
    if (found->word.len && found->unreserved >> dialect & 1)
        bits |= KEY_UNRESERVED;
    return bits;
}
