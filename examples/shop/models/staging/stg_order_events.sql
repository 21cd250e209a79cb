with

source as (
    select json as document from {{ source('raw', 'order_events') }}
),

renamed as (
    select
        {{ clean_text("document ->> 'event_id'") }} as event_id,
        {{ clean_text("document ->> 'order_id'") }} as order_id,
        {{ clean_code("document ->> 'event_type'") }} as event_type,
        {{ parse_timestamp("document ->> 'occurred_at'") }} as occurred_at,
        document ->> '$.session.device' as device,
        document ->> '$.session.channel' as channel
    from source
)

select * from renamed
