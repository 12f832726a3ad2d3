# syntax=docker/dockerfile:1
#
# Two images from one file, so that they share what is restored:
#
#   docker build --target host      --tag pulse-host:local .
#   docker build --target simulator --tag pulse-simulator:local .
#
# Why Ubuntu's chiselled images (no shell, no package manager, user 1654):
# - Kafka's native client comes with Confluent.Kafka in several builds. For x64 the first one, librdkafka.so, needs
#   libsasl2.so.3, which a chiselled image lacks; the client then takes centos8-librdkafka.so, which links to nothing
#   but glibc 2.28 or newer (TLS, SASL PLAIN, SCRAM and OAUTHBEARER are in it; Kerberos is not). For arm64 librdkafka.so
#   itself links to glibc alone. Ubuntu 24.04 has glibc 2.39. On Alpine the arm64 build would ask for libsasl2 again.
# - The other native libraries (SQLite, LMDB) link to glibc alone, 2.38 or newer: older bases than Ubuntu 24.04 fail.
# - ICU is absent: the projects are built with InvariantGlobalization. The time zone data is absent: windows are UTC,
#   and nothing asks for another zone.

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0-noble AS restore
ARG TARGETARCH
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
# First what decides about packages, so that a change of code restores nothing.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Pulse.Counting/Pulse.Counting.csproj src/Pulse.Counting/
COPY src/Pulse.Events/Pulse.Events.csproj src/Pulse.Events/
COPY src/Pulse.Warehouse/Pulse.Warehouse.csproj src/Pulse.Warehouse/
COPY src/Pulse.Actors/Pulse.Actors.csproj src/Pulse.Actors/
COPY src/Pulse.Simulator/Pulse.Simulator.csproj src/Pulse.Simulator/
COPY src/Pulse.Verification/Pulse.Verification.csproj src/Pulse.Verification/
COPY src/Pulse.Host/Pulse.Host.csproj src/Pulse.Host/
# No app host: the images start "dotnet", and the one of another architecture would have to be fetched.
RUN dotnet restore src/Pulse.Host --arch $TARGETARCH -p:UseAppHost=false
COPY .editorconfig ./
COPY src/ src/

FROM restore AS publish-host
ARG TARGETARCH
RUN dotnet publish src/Pulse.Host --arch $TARGETARCH --no-restore --configuration Release --output /app \
      -p:UseAppHost=false -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false
# A new volume takes over the owner of the directory that it is mounted at.
RUN mkdir --parents /volumes/data/keys /volumes/data/warehouse

FROM restore AS publish-simulator
ARG TARGETARCH
RUN dotnet publish src/Pulse.Simulator --arch $TARGETARCH --no-restore --configuration Release --output /app \
      -p:UseAppHost=false -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false

FROM mcr.microsoft.com/dotnet/runtime:10.0-noble-chiseled AS simulator
WORKDIR /app
COPY --from=publish-simulator /app ./
USER $APP_UID
ENTRYPOINT ["dotnet", "Pulse.Simulator.dll"]

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled AS host
WORKDIR /app
COPY --from=publish-host /app ./
COPY --from=publish-host --chown=$APP_UID:$APP_UID /volumes/data /data
# Pulse:Http says where to listen; the base image's own setting would only be overridden with a warning.
ENV ASPNETCORE_HTTP_PORTS= \
    Pulse__Data=/data
USER $APP_UID
# Dashboard and API; remoting between nodes.
EXPOSE 8080 4053
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --start-interval=2s --retries=3 \
  CMD ["dotnet", "Pulse.Host.dll", "health"]
ENTRYPOINT ["dotnet", "Pulse.Host.dll"]
