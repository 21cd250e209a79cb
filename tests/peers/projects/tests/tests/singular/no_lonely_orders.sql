{{ config(tags=['lonely'], store_failures=true) }}
select o.* from {{ ref('orders') }} o
left join {{ ref('customers') }} c on c.id = o.customer_id
where c.id is null
