with orders as (
    select * from {{ ref('base_orders') }}
), joined as (
    select o.country, c.title, sum(o.amount) as total, count(*) as orders
    from orders o left join {{ ref('countries') }} c on c.code = o.country
    group by all
)
select country, title, total, orders, total > {{ var('rate') }} as is_big from joined
