CREATE TABLE {{.Database}}.queue (raw String)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{.Broker}}',
    kafka_topic_list = '{{.Topic}}',
    kafka_group_name = '{{.Group}}',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_max_block_size = 65536,
    kafka_flush_interval_ms = 1000
