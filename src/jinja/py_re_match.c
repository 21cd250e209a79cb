/* py_re_match.c: runs a program over a text, with backtracking on a stack of its own.
 *
 * The stack holds what to try next (a place in the program and in the text) and what to put back
 * (old values of slots) when that happens.
 */
#include "jinja/py_re.h"

enum { MOST_STEPS = 50000000, MOST_ENTRIES = 4000000, DEEPEST_LOOK = 100 };

typedef enum EntryKind { ENTRY_BRANCH, ENTRY_SLOT, ENTRY_LESS, ENTRY_MORE } EntryKind;

typedef struct Entry {
    uint32_t kind : 2, pc : 30;  /* SLOT: which one                        */
    uint32_t count;              /* MORE: how many may still be taken      */
    int64_t at, other;           /* SLOT: old value; LESS: at .. down to other */
} Entry;

typedef struct Machine {
    Arena *arena;
    const Regex *regex;
    const ReCode *code;
    Str text;
    size_t to;                   /* the text ends here */
    size_t start;                /* of this attempt    */
    bool must_move, is_full;
    int64_t *slots;
    List(Entry) stack;
    uint64_t steps;
    int depth;
    Err *err;
} Machine;

/* ---- one character ---- */

static bool is_in_class(char class, uint32_t c, bool is_ascii)
{
    bool is_in;
    switch (class | 0x20) {
    case 'd': is_in = is_ascii ? c >= '0' && c <= '9' : code_is_decimal(c); break;
    case 'w': is_in = (!is_ascii || c < 0x80) && code_is_word(c); break;
    default:
        is_in = is_ascii ? c == ' ' || (c >= '\t' && c <= '\r') : code_is_space(c);
        break;
    }
    return is_in == ((class & 0x20) != 0);
}

static bool spans_have(const CodeSet *set, uint32_t c)
{
    for (uint32_t i = 0; i < set->spans.len; i++)
        if (c >= set->spans.at[i].first && c <= set->spans.at[i].last)
            return true;
    return false;
}

bool set_has(const CodeSet *set, uint32_t c, uint32_t flags)
{
    bool has = spans_have(set, c);
    if (!has && (flags & RE_IGNORECASE))
        has = spans_have(set, code_lower(c)) || spans_have(set, code_upper(c));
    for (const char *class = set->classes; !has && *class; class++)
        has = is_in_class(*class, c, flags & RE_ASCII);
    return has != set->is_negated;
}

static bool fits(ReKind kind, uint32_t code, const CodeSet *set, uint32_t flags, uint32_t c)
{
    if (kind == RE_CHAR)
        return c == code || ((flags & RE_IGNORECASE) && code_lower(c) == code_lower(code));
    if (kind == RE_ANY)
        return c != '\n' || (flags & RE_DOTALL);
    return set_has(set, c, flags);
}

/* Takes the code point at *at if it fits. */
static bool take_one(const Machine *machine, const ReCode *code, ReKind kind, size_t *at)
{
    if (*at >= machine->to)
        return false;
    size_t next = *at;
    uint32_t c = (unsigned char)machine->text.at[next];
    if (c < 0x80)
        next++;
    else
        c = utf8_next(machine->text, &next);
    if (!fits(kind, code->code, code->set, code->flags, c))
        return false;
    *at = next;
    return true;
}

static size_t step_back(Str text, size_t at)
{
    size_t before = at - 1;
    while (before > 0 && at - before < 4 && (text.at[before] & 0xc0) == 0x80)
        before--;
    size_t end = before;
    utf8_next(text, &end);
    return end == at ? before : at - 1; /* a stray byte stands alone */
}

static bool is_word_at(const Machine *machine, size_t at, uint32_t flags)
{
    if (at >= machine->to)
        return false;
    uint32_t c = utf8_next(machine->text, &at);
    return code_is_word(c) && (!(flags & RE_ASCII) || c < 0x80);
}

static bool holds(const Machine *machine, const ReCode *code, size_t at)
{
    Str text = machine->text;
    bool is_multi = code->flags & RE_MULTILINE;
    switch ((ReKind)code->kind) {
    case RE_START: return at == 0 || (is_multi && text.at[at - 1] == '\n');
    case RE_END:
        return at == machine->to || (at + 1 == machine->to && text.at[at] == '\n') ||
               (is_multi && text.at[at] == '\n');
    case RE_TEXT_START: return at == 0;
    case RE_TEXT_END: return at == machine->to;
    default: {
        bool before = at > 0 && is_word_at(machine, step_back(text, at), code->flags);
        bool is_edge = before != is_word_at(machine, at, code->flags);
        if (!is_edge && machine->to == 0)
            return false; /* Python before 3.14: no \B in an empty text */
        return is_edge == (code->kind == RE_WORD_EDGE);
    }
    }
}

/* ---- the stack ---- */

static bool push(Machine *machine, Entry entry)
{
    if (machine->stack.len >= MOST_ENTRIES)
        return err_set(machine->err, ERR_TOO_BIG, NOWHERE,
                       "the regular expression '" STR_FMT "' needs too much memory",
                       STR_ARG(machine->regex->pattern));
    list_add(machine->arena, &machine->stack, entry);
    return true;
}

static bool set_slot(Machine *machine, uint32_t slot, int64_t value)
{
    TRY(push(machine, (Entry){.kind = ENTRY_SLOT, .pc = slot, .at = machine->slots[slot]}));
    machine->slots[slot] = value;
    return true;
}

/* Goes back to the last thing to try above `base`. False: nothing is left. */
static bool backtrack(Machine *machine, uint32_t base, uint32_t *pc, size_t *at)
{
    while (machine->stack.len > base) {
        Entry *entry = &machine->stack.at[machine->stack.len - 1];
        if (entry->kind == ENTRY_SLOT) {
            machine->slots[entry->pc] = entry->at;
            machine->stack.len--;
            continue;
        }
        *pc = entry->pc;
        if (entry->kind == ENTRY_BRANCH) {
            *at = (size_t)entry->at;
            machine->stack.len--;
            return true;
        }
        if (entry->kind == ENTRY_LESS) { /* a greedy run gives one character back */
            entry->at = (int64_t)step_back(machine->text, (size_t)entry->at);
            *at = (size_t)entry->at;
            if (entry->at <= entry->other)
                machine->stack.len--;
            return true;
        }
        const ReCode *code = &machine->code[entry->pc - 1]; /* a lazy run takes one more */
        size_t next = (size_t)entry->at;
        if (entry->count && take_one(machine, code, (ReKind)code->kind, &next)) {
            entry->count--;
            entry->at = (int64_t)next;
            *at = next;
            return true;
        }
        machine->stack.len--;
    }
    return false;
}

/* Leaves the branches above `base`, keeps what they set. */
static void commit(Machine *machine, uint32_t base)
{
    uint32_t kept = base;
    for (uint32_t i = base; i < machine->stack.len; i++)
        if (machine->stack.at[i].kind == ENTRY_SLOT)
            machine->stack.at[kept++] = machine->stack.at[i];
    machine->stack.len = kept;
}

/* ---- running ---- */

static bool run(Machine *machine, uint32_t pc, size_t at, size_t *end, bool *found);

/* x* of one character: as many as there are, or as few. */
static bool start_run(Machine *machine, uint32_t pc, size_t *at, bool *ok)
{
    const ReCode *code = &machine->code[pc];
    uint32_t count = 0;
    *ok = false;
    while (count < code->least) {
        if (!take_one(machine, code, (ReKind)code->kind, at))
            return true;
        count++;
    }
    *ok = true;
    if (code->mode == REPEAT_LAZY) {
        if (code->most > count)
            return push(machine, (Entry){.kind = ENTRY_MORE, .pc = pc + 1,
                                         .count = code->most - count, .at = (int64_t)*at});
        return true;
    }
    size_t least = *at;
    while (count < code->most && take_one(machine, code, (ReKind)code->kind, at))
        count++;
    machine->steps += (*at - least) / 8;
    if (*at > least && code->mode == REPEAT_GREEDY)
        return push(machine, (Entry){.kind = ENTRY_LESS, .pc = pc + 1, .at = (int64_t)*at,
                                     .other = (int64_t)least});
    return true;
}

static bool look(Machine *machine, uint32_t pc, size_t at, bool *holds_out)
{
    const ReCode *code = &machine->code[pc];
    size_t from = at, end;
    *holds_out = code->is_negated;
    for (uint32_t i = 1; i < code->least; i++) {
        if (from == 0)
            return true;
        from = step_back(machine->text, from);
    }
    uint32_t base = machine->stack.len;
    bool found;
    TRY(run(machine, pc + 1, from, &end, &found));
    *holds_out = found != code->is_negated;
    if (found && code->is_negated) { /* what it set is put back */
        uint32_t ignored_pc;
        size_t ignored_at;
        commit(machine, base);
        while (backtrack(machine, base, &ignored_pc, &ignored_at))
            ;
    }
    return true;
}

static bool take_backref(const Machine *machine, const ReCode *code, size_t *at)
{
    int64_t from = machine->slots[code->code * 2], end = machine->slots[code->code * 2 + 1];
    if (from < 0 || end < 0)
        return false;
    Str group = str_slice(machine->text, (size_t)from, (size_t)end);
    size_t place = *at;
    for (size_t i = 0; i < group.len;) {
        if (place >= machine->to)
            return false;
        uint32_t wanted = utf8_next(group, &i), c = utf8_next(machine->text, &place);
        if (c != wanted &&
            !((code->flags & RE_IGNORECASE) && code_lower(c) == code_lower(wanted)))
            return false;
    }
    *at = place;
    return true;
}

/* Codes that only say yes or no and move the place. */
static bool step(Machine *machine, uint32_t *pc, size_t *at, bool *ok)
{
    const ReCode *code = &machine->code[*pc];
    uint32_t base = machine->stack.len;
    *ok = true;
    switch ((ReOp)code->op) {
    case OPC_CHAR: *ok = take_one(machine, code, RE_CHAR, at); break;
    case OPC_ANY: *ok = take_one(machine, code, RE_ANY, at); break;
    case OPC_SET: *ok = take_one(machine, code, RE_SET, at); break;
    case OPC_SPLIT:
        TRY(push(machine, (Entry){.kind = ENTRY_BRANCH, .pc = code->y, .at = (int64_t)*at}));
        *pc = code->x;
        return true;
    case OPC_JUMP: *pc = code->x; return true;
    case OPC_SAVE: TRY(set_slot(machine, code->x, (int64_t)*at)); break;
    case OPC_MARK:
        TRY(set_slot(machine, code->x, code->is_negated ? -1 : (int64_t)*at));
        break;
    case OPC_STUCK:
        *pc = machine->slots[code->x] == (int64_t)*at ? code->y : *pc + 1;
        return true;
    case OPC_BACKREF: *ok = take_backref(machine, code, at); break;
    case OPC_ASSERT: *ok = holds(machine, code, *at); break;
    case OPC_RUN: TRY(start_run(machine, *pc, at, ok)); break;
    case OPC_LOOK:
        TRY(look(machine, *pc, *at, ok));
        *pc = code->x;
        return true;
    case OPC_ATOMIC:
        TRY(run(machine, *pc + 1, *at, at, ok));
        if (*ok)
            commit(machine, base);
        *pc = code->x;
        return true;
    case OPC_CONDITION:
        *pc = machine->slots[code->code * 2 + 1] >= 0 ? *pc + 1 : code->x;
        return true;
    case OPC_MATCH: break;
    }
    ++*pc;
    return true;
}

/* From pc until MATCH. On a match of a part its branches stay on the stack for commit(). */
static bool run(Machine *machine, uint32_t pc, size_t at, size_t *end, bool *found)
{
    uint32_t base = machine->stack.len;
    if (++machine->depth > DEEPEST_LOOK)
        return err_set(machine->err, ERR_TOO_DEEP, NOWHERE, "the pattern nests too deep");
    for (*found = false;;) {
        if (++machine->steps > MOST_STEPS)
            return err_set(machine->err, ERR_TOO_BIG, NOWHERE,
                           "the regular expression '" STR_FMT "' takes too many steps here",
                           STR_ARG(machine->regex->pattern));
        bool ok = true;
        if (machine->code[pc].op == OPC_MATCH) {
            bool is_whole = machine->depth == 1;
            if (!is_whole || ((!machine->is_full || at == machine->to) &&
                              (!machine->must_move || at != machine->start))) {
                *found = true;
                *end = at;
                break;
            }
            ok = false;
        } else {
            TRY(step(machine, &pc, &at, &ok));
        }
        if (!ok && !backtrack(machine, base, &pc, &at))
            break;
    }
    machine->depth--;
    if (*found && machine->depth)
        commit(machine, base);
    return true;
}

bool regex_run(Arena *arena, const Regex *regex, Str text, size_t from, size_t to, RegexMode mode,
               bool must_move, int64_t *spans, bool *found, Err *err)
{
    Arena scratch = {0};
    Machine machine = {.arena = &scratch, .regex = regex, .code = regex->code.at, .text = text,
                       .to = to, .is_full = mode == REGEX_FULL, .err = err};
    machine.slots = NEW_N(arena, int64_t, regex->slot_count);
    const ReCode *first = &regex->code.at[0];
    bool has_first = first->op == OPC_CHAR && first->code < 0x80 &&
                     !(first->flags & RE_IGNORECASE);
    bool ok = true;
    *found = false;
    for (size_t at = from; at <= to;) {
        if (has_first && mode == REGEX_SEARCH) { /* on to the first character */
            const char *next = at < to ? memchr(text.at + at, (int)first->code, to - at) : NULL;
            if (!next)
                break;
            at = (size_t)(next - text.at);
        }
        for (uint32_t i = 0; i < regex->slot_count; i++)
            machine.slots[i] = -1;
        machine.stack.len = 0;
        machine.start = at;
        machine.must_move = must_move && at == from;
        machine.depth = 0;
        size_t end;
        ok = run(&machine, 0, at, &end, found);
        if (!ok || *found) {
            machine.slots[0] = (int64_t)at;
            machine.slots[1] = ok ? (int64_t)end : -1;
            break;
        }
        if (mode != REGEX_SEARCH || at == to)
            break;
        utf8_next(text, &at);
    }
    for (uint32_t i = 0; *found && i < 2 * (regex->group_count + 1); i++)
        spans[i] = machine.slots[i];
    arena_drop(&scratch);
    return ok;
}
