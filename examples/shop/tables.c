/* tables.c: the rows, and what is wrong with some of them.
 *
 * Spoiled here: repeated rows, keys that lead nowhere, wrong prices, missing parts; values.c spoils
 * the values. How often stands beside each. Money is cents, instants in seconds since 1970 (UTC)
 * until they are printed. Only integers: the same bytes on every machine.
 */
#include "tables.h"

#include "company.h"
#include "values.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define DAY_COUNT 730
static const int64_t first_day = 17045;         /* 2016-09-01                                     */

typedef struct Product {
    const Category *category;
    uint32_t seller;
    int32_t price_cents, weight_g;
} Product;

typedef struct Order {
    uint32_t number;
    int32_t item_count;
    const char *status;
    int64_t purchased, approved, shipped, delivered, estimated;     /* 0 = has not happened       */
    int64_t paid_cents;
    const Place *place;                         /* where the customer lives                       */
} Order;

/* How busy a day is: growing over the two years, strong in May and November, weak at week-ends,
 * a peak on Black Friday (the Friday between the 23rd and the 29th of November) and the day after.
 */
static uint32_t day_weight(int64_t day)
{
    static const uint32_t months[] = {92, 95, 100, 102, 112, 98, 96, 100, 94, 98, 118, 90};
    static const uint32_t weekdays[] = {93, 112, 110, 108, 104, 98, 78};    /* from Sunday on */
    Civil civil = civil_of(first_day + day);
    uint32_t weekday = (uint32_t)((first_day + day + 4) % 7);
    uint32_t weight = (uint32_t)(250 + day) * months[civil.month - 1] * weekdays[weekday] / 1000;
    bool is_sale = civil.month == 11 && civil.day >= 23 && civil.day <= 30;
    if (is_sale && weekday == 5 && civil.day <= 29)
        return weight * 5;
    return is_sale && weekday == 6 && civil.day >= 24 ? weight * 2 : weight;
}

static void put_id(FILE *file, const Shop *shop, Kind kind, uint64_t index)
{
    Random random = random_for(shop->seed, kind, index);
    uint64_t high = random_next(&random), low = random_next(&random);
    fprintf(file, "%016" PRIx64 "%016" PRIx64, high, low);
}

/* -- the things themselves, found from their number alone -- */

static int32_t zip_of(Random *random, const Place *place)
{
    return place->zip_first + random_between(random, 0, place->zip_count - 1);
}

/* A number below `bound`, low ones more often: the best-sellers. */
static uint32_t below_skewed(Random *random, uint32_t bound)
{
    uint32_t one = random_below(random, bound), other = random_below(random, bound);
    return one < other ? one : other;
}

static Product product_at(const Shop *shop, uint32_t number)
{
    Random random = random_for(shop->seed, KIND_PRODUCT, number);
    Product product = {.category = category_pick(&random)};
    product.seller = below_skewed(&random, shop->seller_count);
    int32_t spread = random_between(&random, 20, 100) * random_between(&random, 20, 250) / 100;
    product.price_cents = product.category->price_cents * spread / 100 / 100 * 100 + 90;
    product.weight_g = product.category->weight_g * random_between(&random, 30, 200) / 100;
    return product;
}

/* The person behind an order: in 4 of 5 cases somebody new, else whoever placed an earlier one. */
static uint32_t person_of(const Shop *shop, uint32_t order)
{
    for (;;) {
        Random random = random_for(shop->seed, KIND_OWNER, order);
        if (order == 0 || random_happens(&random, 8000))
            return order;
        order -= 1 + random_below(&random, order);
    }
}

static void write_sellers(Shop *shop)
{
    FILE *file = shop->files[TABLE_SELLERS];
    for (uint32_t i = 0; i < shop->seller_count; i++) {
        Random random = random_for(shop->seed, KIND_SELLER, i);
        const Place *place = place_pick_seller(&random);
        int32_t zip = zip_of(&random, place);
        int32_t copies = random_happens(&random, 60) ? 2 : 1;
        for (int32_t copy = 0; copy < copies; copy++) {
            put_id(file, shop, KIND_SELLER, i);
            fputc(',', file);
            put_zip(file, &random, zip);
            fputc(',', file);
            put_city(file, &random, place);
            fputc(',', file);
            put_state(file, &random, place);
            fputc('\n', file);
            shop->rows[TABLE_SELLERS]++;
        }
    }
}

/* One product as JSON; category, sizes and photos are missing now and then. */
static void write_product(Shop *shop, uint32_t number)
{
    FILE *file = shop->files[TABLE_PRODUCTS];
    Product product = product_at(shop, number);
    Random random = random_for(shop->seed, KIND_ZIP, number);
    fputs("{\"product_id\":\"", file);
    put_id(file, shop, KIND_PRODUCT, number);
    fputs("\",\"product_category_name\":", file);
    if (random_happens(&random, 180))
        fputs("null", file);
    else if (random_happens(&random, 200))
        fprintf(file, "\" %s\"", product.category->name);
    else if (random_happens(&random, 20))
        fputs("\"portateis_cozinha\"", file);           /* a category nobody has translated       */
    else
        fprintf(file, "\"%s\"", product.category->name);
    fprintf(file, ",\"name_length\":%d,\"description_length\":%d", random_between(&random, 12, 64),
            random_between(&random, 80, 2200));
    if (!random_happens(&random, 100))
        fprintf(file, ",\"photos_qty\":%d", random_between(&random, 1, 6));
    if (random_happens(&random, 40))
        fputs(",\"package\":null", file);
    else
        fprintf(file,
                ",\"package\":{\"weight_g\":%d,\"length_cm\":%d,\"height_cm\":%d,\"width_cm\":%d}",
                random_happens(&random, 5) ? 0 : product.weight_g, random_between(&random, 16, 60),
                random_between(&random, 2, 40), random_between(&random, 11, 45));
    fputs("}\n", file);
    shop->rows[TABLE_PRODUCTS]++;
}

static void write_geolocation(Shop *shop)
{
    FILE *file = shop->files[TABLE_GEOLOCATION];
    for (uint32_t i = 0; i < place_count; i++) {
        const Place *place = &places[i];
        for (int32_t zip = place->zip_first; zip < place->zip_first + place->zip_count; zip++) {
            Random random = random_for(shop->seed, KIND_ZIP, (uint64_t)zip << 32);
            if (random_happens(&random, 100))
                continue;                       /* 1 % of the prefixes are unknown                */
            for (int32_t point = random_between(&random, 1, 5); point > 0; point--) {
                int32_t lat = place->latitude_e4 + random_between(&random, -900, 900);
                int32_t lng = place->longitude_e4 + random_between(&random, -900, 900);
                if (random_happens(&random, 10))
                    lat = -lat, lng = -lng;     /* lost its sign: on the other side of the world  */
                fprintf(file, "%05d,%s%d.%04d,%s%d.%04d,", zip, lat < 0 ? "-" : "",
                        (lat < 0 ? -lat : lat) / 10000, (lat < 0 ? -lat : lat) % 10000,
                        lng < 0 ? "-" : "", (lng < 0 ? -lng : lng) / 10000,
                        (lng < 0 ? -lng : lng) % 10000);
                put_city(file, &random, place);
                fprintf(file, ",%s\n", place->state);
                shop->rows[TABLE_GEOLOCATION]++;
            }
        }
    }
}

/* -- an order and all that hangs on it -- */

static void write_customer(Shop *shop, Random *random, uint32_t order, uint32_t person, int32_t zip,
                           const Place *place)
{
    FILE *file = shop->files[TABLE_CUSTOMERS];
    put_id(file, shop, KIND_CUSTOMER, order);
    fputc(',', file);
    put_id(file, shop, KIND_PERSON, person);
    fputc(',', file);
    put_zip(file, random, zip);
    fputc(',', file);
    put_city(file, random, place);
    fputc(',', file);
    put_state(file, random, place);
    fputc('\n', file);
    shop->rows[TABLE_CUSTOMERS]++;
}

static void write_order_row(Shop *shop, const Order *order, Random random, int64_t exported)
{
    FILE *file = shop->files[TABLE_ORDERS];
    put_id(file, shop, KIND_ORDER, order->number);
    fputc(',', file);
    put_id(file, shop, KIND_CUSTOMER, order->number);
    fprintf(file, random_happens(&random, 100) ? ", %s ," : ",%s,", order->status);
    put_stamp_dirty(file, &random, order->purchased);
    fputc(',', file);
    put_stamp_dirty(file, &random, order->approved);
    fputc(',', file);
    put_stamp_dirty(file, &random, order->shipped);
    fputc(',', file);
    put_stamp_dirty(file, &random, order->delivered);
    fputc(',', file);
    put_stamp(file, order->estimated);
    fputc(',', file);
    put_stamp_iso(file, exported);
    fputc('\n', file);
    shop->rows[TABLE_ORDERS]++;
}

/* The order's rows: 4 in 1,000 were exported before they arrived too, 6 in 1,000 are doubled. */
static void write_order(Shop *shop, const Order *order, Random *random)
{
    int64_t last = order->purchased;
    last = order->approved > last ? order->approved : last;
    last = order->shipped > last ? order->shipped : last;
    bool is_delivered = order->delivered > last;
    int64_t exported = ((is_delivered ? order->delivered : last) / DAY + 1) * DAY + 3 * 3600;
    Random dice = {random_next(random)};
    if (is_delivered && order->delivered / DAY > last / DAY && random_happens(random, 40)) {
        Order early = *order;
        early.status = "shipped";
        early.delivered = 0;
        write_order_row(shop, &early, dice, (last / DAY + 1) * DAY + 3 * 3600);
    }
    write_order_row(shop, order, dice, exported);
    if (random_happens(random, 60))
        write_order_row(shop, order, dice, exported);
}

/* The items; adds up what there is to pay. In 10,000: 10 unknown products, 4 free, 2 negative. */
static void write_items(Shop *shop, Order *order, Random *random)
{
    FILE *file = shop->files[TABLE_ITEMS];
    uint32_t number = below_skewed(random, shop->product_count);
    for (int32_t item = 1; item <= order->item_count; item++) {
        if (random_happens(random, 4000))
            number = random_below(random, shop->product_count);
        Product product = product_at(shop, number);
        int64_t price = product.price_cents;
        int64_t freight = 700 + order->place->transit_days * 110 + product.weight_g / 4
                        + random_between(random, 0, 600);
        if (random_happens(random, 500))
            freight = 0;                        /* on the house                                   */
        uint32_t slip = random_below(random, 10000);
        if (slip < 6)
            price = slip < 4 ? 0 : -price;
        Random dice = {random_next(random)};
        bool is_orphan = random_happens(random, 10);
        for (int32_t copies = random_happens(random, 20) ? 2 : 1; copies > 0; copies--) {
            Random money = dice;                /* the copy is spelled alike                      */
            put_id(file, shop, KIND_ORDER, order->number);
            fprintf(file, ",%d,", item);
            put_id(file, shop, is_orphan ? KIND_GHOST : KIND_PRODUCT, number);
            fputc(',', file);
            put_id(file, shop, KIND_SELLER, product.seller);
            fputc(',', file);
            put_stamp(file, order->purchased + 5 * DAY);
            fputc(',', file);
            put_money(file, &money, price);
            fputc(',', file);
            put_money(file, &money, freight);
            fputc('\n', file);
            shop->rows[TABLE_ITEMS]++;
        }
        order->paid_cents += (price > 0 ? price : 0) + freight;
    }
}

/* One payment row; 3 in 1,000 are sent twice, 3 in 10,000 name an order that does not exist. */
static void write_payment(Shop *shop, const Order *order, Random *random, int32_t sequence,
                          const char *type, int32_t installments, int64_t cents)
{
    FILE *file = shop->files[TABLE_PAYMENTS];
    bool is_orphan = random_happens(random, 3);
    for (int32_t copies = random_happens(random, 30) ? 2 : 1; copies > 0; copies--) {
        put_id(file, shop, is_orphan ? KIND_GHOST : KIND_ORDER, order->number);
        fprintf(file, ",%d,", sequence);
        if (random_happens(random, 100))        /* another terminal's spelling                    */
            fprintf(file, "%c%s ", toupper((unsigned char)type[0]), type + 1);
        else
            fputs(type, file);
        fprintf(file, ",%d,", installments);
        put_money(file, random, cents);
        fputc('\n', file);
        shop->rows[TABLE_PAYMENTS]++;
    }
}

static void write_payments(Shop *shop, const Order *order, Random *random)
{
    if (order->item_count == 0) {
        write_payment(shop, order, random, 1, "not_defined", 1, 0);
        return;
    }
    int64_t left = order->paid_cents;
    int32_t sequence = 1;
    while (sequence < 3 && left > 200 && random_happens(random, 350)) {
        int64_t part = left * random_between(random, 10, 60) / 100;
        write_payment(shop, order, random, sequence++, "voucher", 1, part);
        left -= part;
    }
    uint32_t kind = random_below(random, 1000);
    const char *type = kind < 755 ? "credit_card" : kind < 950 ? "boleto"
                     : kind < 967 ? "debit_card" : "voucher";
    int32_t installments = 1;
    if (kind < 755 && left > 3000) {
        int32_t most = left > 40000 ? 12 : left > 12000 ? 8 : 4;
        installments = random_happens(random, 5000) ? random_between(random, 1, most) : 1;
        if (random_happens(random, 1))
            installments = 0;
    }
    if (random_happens(random, 8))
        left += 100;                            /* one real too much: does not reconcile          */
    write_payment(shop, order, random, sequence, type, installments, left);
}

static int32_t score_for(const Order *order, Random *random)
{
    static const uint32_t good[] = {5, 8, 16, 36, 100}, bad[] = {48, 62, 76, 86, 100};
    bool is_late = order->delivered == 0 || order->delivered > order->estimated + DAY;
    const uint32_t *steps = is_late ? bad : good;
    uint32_t ticket = random_below(random, 100);
    int32_t score = 1;
    while (ticket >= steps[score - 1])
        score++;
    return score;
}

/* A review, for 97 in 100 orders: 4 in 10 with words, 2 in 1,000 scores missing or 0. */
static void write_review(Shop *shop, const Order *order)
{
    Random random = random_for(shop->seed, KIND_REVIEW, order->number);
    if (random_happens(&random, 300))
        return;
    FILE *file = shop->files[TABLE_REVIEWS];
    int32_t score = score_for(order, &random);
    const Phrase *phrase = &phrases[random_below(&random, phrase_count)];
    while (phrase->score != score)
        phrase = &phrases[random_below(&random, phrase_count)];
    bool has_words = random_happens(&random, 4000), is_orphan = random_happens(&random, 5);
    int64_t from = order->delivered > order->purchased ? order->delivered : order->estimated;
    int64_t asked = (from / DAY + 1) * DAY;
    bool is_late = random_happens(&random, 150);
    int64_t wait = is_late ? random_between(&random, 60, 200) : random_between(&random, 1, 6);
    uint32_t slip = random_below(&random, 1000);
    /* 4 in 1,000 share their id with the order before: one answer for two orders. */
    bool is_shared = random_happens(&random, 40) && order->number > 0;
    uint64_t id = is_shared ? order->number - 1 : order->number;
    for (int32_t copies = random_happens(&random, 30) ? 2 : 1; copies > 0; copies--) {
        fputs("{\"review_id\":\"", file);
        put_id(file, shop, KIND_REVIEW, id);
        fputs("\",\"order_id\":\"", file);
        put_id(file, shop, is_orphan ? KIND_GHOST : KIND_ORDER, order->number);
        if (slip < 2)
            fprintf(file, "\",\"review_score\":%s", slip == 0 ? "null" : "0");
        else
            fprintf(file, slip < 12 ? "\",\"review_score\":\"%d\"" : "\",\"review_score\":%d",
                    score);
        fputs(",\"review_comment_title\":", file);
        put_json_text(file, has_words ? phrase->title : "");
        fputs(",\"review_comment_message\":", file);
        if (has_words)
            put_json_text(file, phrase->message);
        else
            fputs("null", file);
        fputs(",\"review_creation_date\":\"", file);
        put_stamp(file, asked);
        fputs("\",\"review_answer_timestamp\":\"", file);
        put_stamp(file, asked + wait * DAY + random_between(&random, 0, 86399));
        fputs("\"}\n", file);
        shop->rows[TABLE_REVIEWS]++;
    }
}

/* The visit before the order, a line per step; some are sent twice, from phones without network. */
static void write_events(Shop *shop, const Order *order)
{
    static const char *const steps[] = {"product_viewed", "cart_opened", "checkout_started",
                                        "order_placed"};
    static const char *const devices[] = {"mobile", "mobile", "desktop", "tablet"};
    static const char *const channels[] = {"organic", "paid_search", "email", "social", "direct"};
    Random random = random_for(shop->seed, KIND_EVENT, order->number);
    FILE *file = shop->files[TABLE_EVENTS];
    const char *device = devices[random_below(&random, 4)];
    const char *channel = channels[random_below(&random, 5)];
    uint32_t first = random_below(&random, 4);  /* trackers miss the earlier steps often          */
    int64_t at = order->purchased - random_between(&random, 60, 2400);
    for (uint32_t step = first; step < 4; step++) {
        at = step == 3 ? order->purchased : at + (order->purchased - at) / 2;
        for (int32_t copies = random_happens(&random, 50) ? 2 : 1; copies > 0; copies--) {
            fputs("{\"event_id\":\"", file);
            put_id(file, shop, KIND_EVENT, (uint64_t)order->number * 4 + step);
            fputs("\",\"order_id\":\"", file);
            put_id(file, shop, KIND_ORDER, order->number);
            fprintf(file, "\",\"event_type\":\"%s\",\"occurred_at\":\"", steps[step]);
            put_stamp_iso(file, at);
            fprintf(file, "\",\"session\":{\"device\":\"%s\",\"channel\":", device);
            fprintf(file, random_happens(&random, 100) ? "null}}\n" : "\"%s\"}}\n", channel);
            shop->rows[TABLE_EVENTS]++;
        }
    }
}

/* When the order was approved, shipped, delivered; what is still in the future has not happened. */
static void order_travel(Order *order, Random *random)
{
    int64_t now = (first_day + DAY_COUNT) * DAY;
    int64_t at = order->purchased;
    order->approved = at + random_between(random, 5, 90) * 60
                    + (random_happens(random, 2000) ? random_between(random, 1, 2) * DAY : 0);
    order->shipped = order->approved + random_between(random, 12, 90) * 3600;
    int32_t transit = order->place->transit_days;
    int32_t hours = transit * random_between(random, 14, 34) + random_between(random, 0, 40);
    if (random_happens(random, 500))
        hours += random_between(random, 5, 30) * 24;    /* lost, found, sent on                   */
    order->delivered = order->shipped + (int64_t)hours * 3600;
    order->estimated = (at / DAY + 6 + transit + random_between(random, 2, 12)) * DAY;
    order->status = "delivered";
    if (random_happens(random, 110)) {                  /* 1.1 %: never arrives                   */
        order->status = random_happens(random, 5000) ? "canceled" : "unavailable";
        order->delivered = order->shipped = 0;
        if (random_happens(random, 6000))
            order->item_count = 0;
    } else if (order->approved >= now) {
        order->status = "created";
        order->approved = order->shipped = order->delivered = 0;
    } else if (order->shipped >= now) {
        order->status = random_happens(random, 5000) ? "processing" : "invoiced";
        order->shipped = order->delivered = 0;
    } else if (order->delivered >= now) {
        order->status = "shipped";
        order->delivered = 0;
    } else if (random_happens(random, 5)) {
        /* a scanner's clock was wrong */
        order->delivered = order->purchased - random_between(random, 1, 30) * 3600;
    }
}

static void write_order_family(Shop *shop, uint32_t number, int64_t day)
{
    static const int32_t hours[] = {0, 8, 9, 10, 10, 11, 11, 12, 13, 13, 14, 14,
                                    15, 15, 16, 16, 17, 18, 19, 20, 20, 21, 22, 23};
    uint32_t person = person_of(shop, number);
    Random home = random_for(shop->seed, KIND_PERSON, person);
    Random random = random_for(shop->seed, KIND_ORDER, ((uint64_t)number << 1) + 1);
    Order order = {.number = number, .place = place_pick(&home)};
    order.purchased = day * DAY + hours[random_below(&random, 24)] * 3600
                    + random_between(&random, 0, 3599);
    order.item_count = random_happens(&random, 8600) ? 1 : random_between(&random, 2, 4);
    order_travel(&order, &random);
    write_customer(shop, &random, number, person, zip_of(&home, order.place), order.place);
    write_order(shop, &order, &random);
    write_items(shop, &order, &random);
    write_payments(shop, &order, &random);
    if (order.delivered != 0 || order.status[0] == 'c')
        write_review(shop, &order);
    write_events(shop, &order);
}

void shop_write(Shop *shop)
{
    uint64_t total = 0, passed = 0;
    for (int64_t day = 0; day < DAY_COUNT; day++)
        total += day_weight(day);
    write_sellers(shop);
    for (uint32_t i = 0; i < shop->product_count; i++)
        write_product(shop, i);
    write_geolocation(shop);
    int64_t day = -1;
    for (uint32_t i = 0; i < shop->order_count; i++) {
        while (passed * shop->order_count <= i * total)
            passed += day_weight(++day);
        write_order_family(shop, i, first_day + day);
    }
}
