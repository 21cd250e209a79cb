/* api.h: pages of HTTP APIs. private to ingest/
 *
 *   Api (a load) --has--> Walk (the pages of one endpoint; one a parent row) --asks--> Page
 */
#ifndef INGEST_API_H
#define INGEST_API_H

#include "ingest/ingest_base.h"

typedef enum PagerKind {
    PAGER_SINGLE, PAGER_OFFSET, PAGER_NUMBER, PAGER_CURSOR, PAGER_JSON_LINK, PAGER_HEADER_LINK,
    PAGER_AUTO,
} PagerKind;

/* `paginator`, read. Terms: dlt's. */
typedef struct Pager {
    PagerKind kind;
    /* rows a page; first offset or page; where to stop (-1: nowhere) */
    int64_t limit, start, most;
    /* empty: not added */
    Str limit_param, offset_param, page_param, cursor_param;
    Str total_path, cursor_path, next_path, more_path, link_name;
    bool stops_at_empty;
} Pager;

MUST bool pager_read(Load *load, bool has_templates, Pager *out, Err *err);

typedef struct Walk Walk;

typedef struct Page {
    Arena arena;
    Walk *walk;
    /* offset or page number */
    int64_t at;
    /* cursor; the whole URL; of the request */
    Str token, url, body;
    Header *headers;
    uint32_t header_count;
    Request request;
    HttpCall *call;
    /* what came, up to SPILL_BYTES; the rest in `spill` */
    Text answer;
    FileWriter spill;
    bool has_spill, has_failed;
    /* of the spill */
    Err failure;
} Page;

struct Walk {
    struct Api *api;
    /* dict of the parent's row, or UNDEFINED */
    Value parent;
    Pager pager;
    /* offset or number of the next page to ask for */
    int64_t next_at;
    /* CURSOR, links; owner: arena */
    Str next_token, next_url;
    /* nothing more is asked */
    bool is_exhausted;
    /* the next page is known only when this one has come */
    bool waits;
    uint32_t in_flight;
    /* rows, or pages of PAGER_NUMBER; -1: unknown */
    int64_t total;
    /* there were more rows than it said */
    bool doubts_total;
    /* among those that are done */
    struct Walk *next;
    /* of the last page's bytes */
    uint64_t last_hash;
    /* rows of a page that was not full, 0: none so far */
    /* pages that have come, up to MOST_PAGES */
    uint32_t taken;
    int64_t short_count;
    Arena arena;
};

typedef struct Api {
    Load *load;
    Http *http;
    Landing *landing;
    /* dict, unrendered */
    Value endpoint;
    /* unrendered; UNDEFINED: none */
    Value path, params, headers, body, json;
    Str method, selector, param, end_param;
    RecordFormat format;
    /* include_from_parent: list */
    Value include;
    Pager pager;
    unsigned concurrency;
    /* the largest cursor value seen */
    Text reached;
    bool has_reached;
    /* the first of them */
    Text example;
    /* records without the cursor's field */
    uint64_t without;
    /* the newest parent rows asked about, at NULL: unknown */
    Str parents_until;
    /* answers are CSV: landed as they are */
    bool is_csv;
    /* rows outside of the window */
    uint64_t dropped;
} Api;

/* ---- request.c ---- */
/* Renders and sends the page walk->next_*; notes it in the walk. */
MUST bool page_send(Walk *walk, Page *page, Err *err);
/* The same request once more. */
void page_resend(Page *page);
void page_drop(Page *page);
/* Reads the answer in pieces: the spilled part first. */
MUST bool page_each(Page *page, bool (*take)(void *context, Str piece, Err *err), void *context,
                    Err *err);

/* ---- parents.c ---- */
typedef struct Parents Parents;
/* The rows of the parent resource: all, or if it was loaded in this run those that are newer
 * than what was asked about before. *until: how far that is with these, at NULL: unknown. Owner:
 * the load's arena */
MUST bool parents_open(Load *load, Parents **out, Str *until, Err *err);
/* The next row as a dict in `arena`; false in *has at the end. */
MUST bool parents_next(Parents *parents, Arena *arena, Value *row, bool *has, Err *err);
void parents_close(Parents *parents);

#endif
