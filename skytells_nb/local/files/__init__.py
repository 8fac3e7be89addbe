"""The bytes that jobs make: pictures, sounds, films."""
