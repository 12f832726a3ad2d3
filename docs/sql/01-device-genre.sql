-- Dashboard 1: views by device and genre, a tree map.
-- Replace PROJECT by your project's name (and real_time_analytics by your dataset's) before you run it.
CREATE OR REPLACE VIEW `PROJECT.real_time_analytics.dashboard_device_genre` AS
SELECT
  device_type,
  genre,
  view_count,
  date,
  hour,
  min,
  CAST(hour AS INT64) AS hour_of_day,
  CAST(min AS INT64) AS minute_of_hour,
  window_end
FROM `PROJECT.real_time_analytics.viewsByDeviceGenre`;
