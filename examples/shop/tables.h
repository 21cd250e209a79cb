/* tables.h: writes the shop's raw tables, row by row. private to examples/shop
 *
 *   orders ── 1:1 ── customers            (a row per order; customer_unique_id is the person)
 *     ├── 0..4 order_items ── products, sellers
 *     ├── 1..3 order_payments
 *     ├── 0..1 order_reviews
 *     └── 1..4 order_events
 *   geolocation                           (several points for each postal code prefix)
 */
#ifndef SHOP_TABLES_H
#define SHOP_TABLES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TABLES(X)                                                                                  \
    X(CUSTOMERS,   "customers.csv",                                                                \
      "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n")    \
    X(SELLERS,     "sellers.csv", "seller_id,seller_zip_code_prefix,seller_city,seller_state\n")   \
    X(GEOLOCATION, "geolocation.csv",                                                              \
      "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,"                               \
      "geolocation_city,geolocation_state\n")                                                      \
    X(PRODUCTS,    "products.jsonl", "")                                                           \
    X(ORDERS,      "orders.csv",                                                                   \
      "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"              \
      "order_delivered_carrier_date,order_delivered_customer_date,"                                \
      "order_estimated_delivery_date,exported_at\n")                                               \
    X(ITEMS,       "order_items.csv",                                                              \
      "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n")     \
    X(PAYMENTS,    "order_payments.csv",                                                           \
      "order_id,payment_sequential,payment_type,payment_installments,payment_value\n")             \
    X(REVIEWS,     "order_reviews.jsonl", "")                                                      \
    X(EVENTS,      "order_events.jsonl", "")

#define AS_ENUM(id, file, header) TABLE_##id,
typedef enum { TABLES(AS_ENUM) TABLE_COUNT } Table;
#undef AS_ENUM

typedef struct Shop {
    uint64_t seed;
    uint32_t order_count, product_count, seller_count;
    FILE *files[TABLE_COUNT];                   /* open for writing; whoever opened closes them   */
    uint64_t rows[TABLE_COUNT];                 /* written so far                                 */
} Shop;

/* Writes every table for `shop->order_count` orders spread over the shop's two years. The same seed
 * and count give the same bytes. Write errors are left to ferror() of each file. Memory: none that
 * grows. Cost: 1 s for 200,000 orders.
 */
void shop_write(Shop *shop);

#endif
