"""The shop's own database, made from the generator's files: statements for the `mariadb` client.

    python3 examples/shop/database.py DATA       tables and rows, from DATA/*.csv and *.jsonl
    python3 examples/shop/database.py --change N  of every N orders one moves on, with its items and payments; some new ones
"""
import csv
import datetime
import json
import os
import re
import sys

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M", "%Y-%m-%d")
ROWS_EACH = 500

TABLES = """
drop table if exists orders, order_items, order_payments, customers, products;
create table orders (order_id char(32) primary key, customer_id char(32) not null, status varchar(20) not null,
    purchased_at datetime not null, delivered_at datetime, updated_at datetime(3) not null, key (updated_at));
create table order_items (order_id char(32), line smallint unsigned, product_id char(32), seller_id char(32),
    price decimal(12,2), freight decimal(12,2), updated_at datetime(3) not null, primary key (order_id, line), key (updated_at));
create table order_payments (order_id char(32), sequence smallint unsigned, kind varchar(20), installments smallint unsigned,
    amount decimal(12,2), updated_at datetime(3) not null, primary key (order_id, sequence), key (updated_at));
create table customers (customer_id char(32) primary key, person_id char(32), zip varchar(8), city varchar(80), state char(2));
create table products (product_id char(32) primary key, category varchar(80), photos smallint unsigned, package json);
"""

CHANGE = """
set @now = now(3), @every = {every};
update orders set status = 'returned', updated_at = @now where conv(left(order_id, 4), 16, 10) % @every = 0;
update order_payments join orders using (order_id) set amount = amount - 1, order_payments.updated_at = @now
    where orders.updated_at = @now;
update order_items join orders using (order_id) set freight = 0, order_items.updated_at = @now where orders.updated_at = @now;
insert into orders select md5(concat(order_id, @now)), customer_id, 'created', @now, null, @now from orders
    where conv(left(order_id, 4), 16, 10) % (@every * 4) = 1;
insert into order_items select order_id, 1, null, null, 19.90, 5.00, @now from orders where updated_at = @now and status = 'created';
insert into order_payments select order_id, 1, 'credit_card', 1, 24.90, @now from orders where updated_at = @now and status = 'created';
"""


def instant(text):
    for form in FORMS:
        try:
            return datetime.datetime.strptime(text.strip(), form).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            pass
    return None


def money(text):
    found = re.fullmatch(r"(?:R\$\s*)?(-?\d+(?:[.,]\d+)?)", text.strip())
    return found.group(1).replace(",", ".") if found else None


def quoted(value):
    if value is None or value == "":
        return "null"
    return "'%s'" % str(value).replace("\\", "\\\\").replace("'", "''")


def insert(table, rows):
    """Rows by their key: the last one of a key wins."""
    rows = list(rows.values())
    for at in range(0, len(rows), ROWS_EACH):
        print("insert into %s values\n%s;" % (table, ",\n".join("(%s)" % ", ".join(map(quoted, row)) for row in rows[at:at + ROWS_EACH])))


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        if name.endswith(".jsonl"):
            yield from map(json.loads, file)
        else:
            yield from csv.DictReader(file)


def fill(folder):
    print(TABLES)
    print("set autocommit = 0;")
    orders = {}
    for row in read(folder, "orders.csv"):
        bought = instant(row["order_purchase_timestamp"])
        if bought:
            orders[row["order_id"]] = (row["order_id"], row["customer_id"], row["order_status"].strip().lower(), bought,
                                       instant(row["order_delivered_customer_date"]), bought)
    insert("orders", orders)
    insert("order_items", {(row["order_id"], row["order_item_id"]): (
        row["order_id"], row["order_item_id"], row["product_id"], row["seller_id"], money(row["price"]), money(row["freight_value"]),
        orders[row["order_id"]][3]) for row in read(folder, "order_items.csv") if row["order_id"] in orders})
    insert("order_payments", {(row["order_id"], row["payment_sequential"]): (
        row["order_id"], row["payment_sequential"], row["payment_type"].strip().lower(), row["payment_installments"],
        money(row["payment_value"]), orders[row["order_id"]][3]) for row in read(folder, "order_payments.csv") if row["order_id"] in orders})
    insert("customers", {row["customer_id"]: (row["customer_id"], row["customer_unique_id"], row["customer_zip_code_prefix"],
                                              row["customer_city"], row["customer_state"]) for row in read(folder, "customers.csv")})
    insert("products", {row["product_id"]: (row["product_id"], row.get("product_category_name"), row.get("photos_qty"),
                                            json.dumps(row.get("package"))) for row in read(folder, "products.jsonl")})
    print("commit;")


if __name__ == "__main__":
    if sys.argv[1] == "--change":
        print(CHANGE.format(every=int(sys.argv[2])))
    else:
        fill(sys.argv[1])
