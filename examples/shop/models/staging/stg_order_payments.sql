with

source as (
    select * from {{ source('raw', 'order_payments') }}
),

renamed as (
    select
        {{ clean_text('order_id') }} as order_id,
        try_cast(payment_sequential as integer) as payment_number,
        {{ clean_code('payment_type') }} as payment_type,
        try_cast(payment_installments as integer) as installment_count,
        {{ parse_money('payment_value') }} as payment_value
    from source
)

select * from renamed
