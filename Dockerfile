# The monitor and its paper engine, without the development tools.
FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/genesis

# The dependencies alone first: a change of the code does not fetch them again. __init__.py holds the version.
COPY pyproject.toml constraints.txt README.md ./
COPY genesis/__init__.py genesis/__init__.py
RUN /opt/genesis/bin/pip install -c constraints.txt .

COPY genesis genesis
RUN /opt/genesis/bin/pip install --no-deps --force-reinstall . \
    && /opt/genesis/bin/pip uninstall --yes setuptools pip


FROM python:3.11.14-slim-bookworm

# One BLAS thread: the arrays are small, and each further thread costs memory.
ENV PATH=/opt/genesis/bin:$PATH \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin genesis \
    && install -d -o genesis -g genesis -m 700 /app/data

WORKDIR /app
COPY --from=build /opt/genesis /opt/genesis
COPY config config

USER 10001:10001
VOLUME /app/data
EXPOSE 9108 9109
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9108/healthz', timeout=2)"]

ENTRYPOINT ["genesis"]
CMD ["monitor", "--host", "0.0.0.0", "--port", "9108"]
