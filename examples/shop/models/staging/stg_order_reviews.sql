with

source as (
    select json as document from {{ source('raw', 'order_reviews') }}
),

renamed as (
    select
        {{ clean_text("document ->> 'review_id'") }} as review_id,
        {{ clean_text("document ->> 'order_id'") }} as order_id,
        -- the score is a number in most documents and text in some: ->> gives text for both
        try_cast(document ->> 'review_score' as integer) as review_score,
        {{ clean_text("document ->> 'review_comment_title'") }} as comment_title,
        {{ clean_text("document ->> 'review_comment_message'") }} as comment_message,
        {{ parse_timestamp("document ->> 'review_creation_date'") }} as requested_at,
        {{ parse_timestamp("document ->> 'review_answer_timestamp'") }} as answered_at
    from source
)

select * from renamed
