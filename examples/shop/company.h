/* company.h: where the shop sells, what it sells, what people say. private to examples/shop
 *
 * Public facts (Brazilian cities, their states, postal code ranges and positions) and invented ones
 * (prices, weights, phrases). All lists are constant; all text is UTF-8.
 */
#ifndef SHOP_COMPANY_H
#define SHOP_COMPANY_H

#include "random.h"

typedef struct Place {
    const char *city;                           /* as its people write it                      */
    const char state[3];                        /* two letters                                 */
    int32_t zip_first, zip_count;               /* five-digit prefixes in use                  */
    int32_t latitude_e4, longitude_e4;          /* degrees times 10,000                        */
    uint32_t weight;                            /* share of customers, sum is free             */
    int32_t transit_days;                       /* from the south-east, where sellers are      */
} Place;

typedef struct Category {
    const char *name;                           /* Portuguese key, as in the seed              */
    uint32_t weight;                            /* share of products                           */
    int32_t price_cents;                        /* typical price                               */
    int32_t weight_g;                           /* typical weight                              */
} Category;

typedef struct Phrase {
    int32_t score;                              /* said by people who give this many stars     */
    const char *title;                          /* may be empty                                */
    const char *message;
} Phrase;

extern const Place places[];
extern const uint32_t place_count;
extern const Category categories[];
extern const uint32_t category_count;
extern const Phrase phrases[];
extern const uint32_t phrase_count;

/* A place or category, picked by weight. Cost: O(list). */
const Place *place_pick(Random *random);
const Category *category_pick(Random *random);

/* A place for a seller: two of three sit in the state of São Paulo. */
const Place *place_pick_seller(Random *random);

#endif
